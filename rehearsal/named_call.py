"""The call that a command is for."""

from django.core.management.base import CommandError

from submissions.calls.models import Call


def find_call(slug: str | None) -> Call:
    """Return the call of that slug, or the only one; raise CommandError with the slugs if none."""
    calls = {call.slug: call for call in Call.objects.all()}
    if slug is None and len(calls) == 1:
        return next(iter(calls.values()))
    if slug in calls:
        return calls[slug]
    known = ", ".join(sorted(calls)) or "none: load one with load_call"
    if slug is None:
        raise CommandError(f"Name the call with --call SLUG ({known}).")
    raise CommandError(f"There is no call “{slug}” ({known}).")
