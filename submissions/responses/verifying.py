"""Tells whether a receipt is genuine, and whether somebody holds the author's own copy.

Staff and the readers of exports see a response's reference and the digest of its version. So these
prove that a receipt is genuine, not who brings it. The receipt code proves that: it is made of the
digest and the portal's secret, stored nowhere, and shown only where the response is open.
"""

import re

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from core.references import ALPHABET
from submissions.calls.models import Call
from submissions.responses.models import Submission, Version


def version_of(call: Call, *, reference: str, digest: str) -> Version | None:
    """Return the version under `reference` that has that digest, without its texts.

    `reference` in its written form; `digest` the first 16 or all 64 hexadecimal digits in
    small letters. Withdrawn and erased responses and earlier versions count: their receipts are
    genuine.
    """
    versions = Version.objects.filter(
        submission__call=call, submission__reference=reference, sha256__startswith=digest
    )
    return versions.select_related("submission").defer("texts", "canonical_text").first()


CODE_LENGTH = 16  # of 29 characters: 77 bits


def receipt_code(version: Version, *, secret: str | bytes | None = None) -> str:
    """Return the code on the author's own receipt, in four groups of four characters."""
    made = salted_hmac(
        "submissions.receipt_code",
        f"{version.submission.public_id.hex} {version.number} {version.sha256}",
        secret=secret or settings.SECRET_KEY,
        algorithm="sha256",
    )
    number, letters = int.from_bytes(made.digest(), "big"), ""
    for _ in range(CODE_LENGTH):
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
