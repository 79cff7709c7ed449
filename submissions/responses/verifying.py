"""Tells whether a receipt is genuine, and whether somebody holds the author's own copy.

Two codes are made of a version's digest and the portal's secret, and stored nowhere. The checking
code stands on each receipt: who has it has seen a receipt, and did not guess the text that the
digest is of. The receipt code proves who the author is, and is shown only where the response is
open.
"""

import re

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.references import ALPHABET
from submissions.calls.models import Call
from submissions.calls.states import Publication, PublicationPolicy
from submissions.responses.models import Submission, Version

CODE_LENGTH = 16  # of 29 characters: 77 bits
CHECKING_LENGTH = 8  # 38 bits, and a client tries 60 an hour


def version_of(call: Call, *, reference: str, digest: str, code: str = "") -> Version | None:
    """Return the version under `reference` that has that digest, without its texts.

    `reference` in its written form; `digest` the first 16 or all 64 hexadecimal digits in
    small letters; `code` the checking code, or the receipt code. Withdrawn and erased responses and
    earlier versions count: their receipts are genuine. None also without a code, where readers of
    the response know less than the text that was digested: who guesses the rest is told nothing.
    """
    versions = Version.objects.filter(
        submission__call=call, submission__reference=reference, sha256__startswith=digest
    )
    version = versions.select_related("submission").defer("texts", "canonical_text").first()
    if version is None:
        return None
    if code:
        return version if _has_code(version, code) else None
    return version if all_public(Version.objects.filter(pk=version.pk)).exists() else None


def all_public(versions: QuerySet[Version]) -> QuerySet[Version]:
    """Narrow to versions whose whole text may be read by whoever gets an export.

    Left out are versions whose author did not allow names, that have a newer version, or that are
    erased (they have no choices). The same for responses with words that are hidden, or ever were.
    """
    hidden = AuditEvent.objects.filter(
        submission=OuterRef("submission"), action=AuditAction.REDACTION_APPROVED
    )
    return versions.filter(
        ~Exists(hidden),
        submission__call__publication=PublicationPolicy.ASKED,
        choices__publication=Publication.NAMED,
        submission__current_version=F("pk"),
    )


def checking_code(version: Version, *, secret: str | bytes | None = None) -> str:
    """Return the code beside the digest on each receipt, in two groups of four characters.

    It stays when who answered is erased, and the receipt code does not.
    """
    of = f"{version.submission_id} {version.number} {version.sha256}"
    return _letters("submissions.checking_code", of, CHECKING_LENGTH, secret)


def receipt_code(version: Version, *, secret: str | bytes | None = None) -> str:
    """Return the code on the author's own receipt, in four groups of four characters."""
    of = f"{version.submission.public_id.hex} {version.number} {version.sha256}"
    return _letters("submissions.receipt_code", of, CODE_LENGTH, secret)


def _has_code(version: Version, code: str) -> bool:
    """Return whether `code` is either of the version's, made with any secret that holds."""
    return any(
        constant_time_compare(make(version, secret=secret).encode(), code.encode())
        for make in (checking_code, receipt_code)
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    )


def _letters(salt: str, of: str, length: int, secret: str | bytes | None) -> str:
    made = salted_hmac(salt, of, secret=secret or settings.SECRET_KEY, algorithm="sha256")
    number, letters = int.from_bytes(made.digest(), "big"), ""
    for _ in range(length):
        number, rest = divmod(number, len(ALPHABET))
        letters += ALPHABET[rest]
    return "-".join(re.findall("....", letters))


def prove_authorship(call: Call, *, reference: str, code: str) -> Submission | None:
    """Return the call's response whose author's receipt has both; None if none does.

    `code` as `receipt_code` writes it. The receipt of each version counts, and one that was made
    before the portal's secret was changed, as long as SECRET_KEY_FALLBACKS has that.
    """
    versions = Version.objects.filter(submission__call=call, submission__reference=reference)
    for version in versions.select_related("submission__call").defer("texts", "canonical_text"):
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            if constant_time_compare(receipt_code(version, secret=secret), code):
                return version.submission
    return None
