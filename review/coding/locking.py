"""The order in which codes are locked: by key, after the call or the response, before codings."""

from django.db.models import QuerySet

from review.models import Code


def lock_codes(codes: QuerySet[Code]) -> None:
    """Let nobody change these codes, or code by them, until this transaction ends."""
    list(codes.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk"))
