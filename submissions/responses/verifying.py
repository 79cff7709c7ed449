"""Tells anybody who has a receipt whether it is genuine."""

from submissions.calls.models import Call
from submissions.responses.models import Version


def belong_together(call: Call, *, reference: str, fingerprint: str) -> bool:
    """Return whether some version under `reference` has that digest.

    `reference` in its written form; `fingerprint` the first 16 or all 64 hexadecimal digits in
    small letters. Withdrawn responses and earlier versions count: their receipts are genuine.
    """
    return Version.objects.filter(
        submission__call=call, submission__reference=reference, sha256__startswith=fingerprint
    ).exists()
