"""Ending what a late pass says of its holder. Its row stays: who gave it, and until when."""

from django.db.models import QuerySet

from submissions.responses.models import LatePass

REASON_ERASED = "Erased"


def erase_passes(passes: QuerySet[LatePass]) -> int:
    """Empty the address and the reason of passes that responses have; return how many."""
    return passes.update(address="", token_sha256=None, reason=REASON_ERASED)
