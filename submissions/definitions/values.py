"""The values of a call definition that are more than text: moments, zones, colours, addresses."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings

from core import spoken_time
from core.addresses import AddressRefused, clean_address
from submissions.definitions.tables import TableReader, did_you_mean
from submissions.definitions.types import UNKNOWN_MOMENT

READABLE_CONTRAST = 4.5  # WCAG 2.2, 1.4.3 Contrast (Minimum)
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}", re.ASCII)


def read_address(contact: TableReader) -> str:
    """Return `email` in the form in which addresses are kept."""
    typed = contact.line("email", required=True, longest=254)
    try:
        return clean_address(typed) if typed else ""
    except AddressRefused as refused:
        contact.add_problem("email", f"“{typed}” is not an email address: {refused.message}")
        return ""


def read_zone(call: TableReader) -> str:
    name = call.line("timezone") or spoken_time.UK
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        guess = did_you_mean(name, available_timezones())
        call.add_problem("timezone", f"“{name}” is not a time zone such as Europe/London{guess}")
        return spoken_time.UK
    return name


def read_language(call: TableReader) -> str:
    """Return the code of a language that this portal has a catalogue of, "" for its own."""
    code = call.line("language").lower()
    offered = dict(settings.LANGUAGES)
    if code and code not in offered:
        has = ", ".join(f"{one} ({name})" for one, name in offered.items())
        call.add_problem(
            "language",
            f"“{code}” has no catalogue in this portal, which has {has}. Write one of these, or "
            "leave the line out for the portal’s own; docs/guides/translating.md says how to make "
            "a catalogue",
        )
    return code


def read_moment(call: TableReader, name: str, zone: str) -> datetime:
    """Return the moment in UTC that the local time of the file means.

    A time that the clocks skip, or pass twice, is refused: written with its offset from UTC
    (2019-10-27T01:30:00+01:00) it is clear.
    """
    written = call.moment(name)
    if written is None:
        return UNKNOWN_MOMENT
    if written.tzinfo is not None:
        return written.astimezone(UTC)
    local = written.replace(tzinfo=ZoneInfo(zone))
    moment = local.astimezone(UTC)
    if moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != written:
        call.add_problem(
            name, f"{written.isoformat()} does not exist in {zone}: the clocks go forward over it"
        )
    elif local.utcoffset() != local.replace(fold=1).utcoffset():
        call.add_problem(
            name,
            f"{written.isoformat()} comes twice in {zone}, as the clocks go back: "
            f"write the offset too, such as {local.isoformat()}",
        )
    return moment


def read_accent(call: TableReader) -> str:
    colour = call.matching(
        "accent_colour", _COLOUR.fullmatch, "must look like #14576b: # and 6 hex digits"
    ).lower()
    if colour and _contrast_with_white(colour) < READABLE_CONTRAST:
        ratio = _contrast_with_white(colour)
        reason = f"{colour} is too light beside white: contrast {ratio:.1f}, at least 4.5 is needed"
        call.add_problem("accent_colour", reason)
    return colour


def _contrast_with_white(colour: str) -> float:
    """Return the contrast ratio by WCAG 2.2's definitions of it and of relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    red, green, blue = linear
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
