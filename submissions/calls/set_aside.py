"""Why staff set a response aside: what every call has, unless its definition says other reasons."""

from typing import TypedDict


class SetAsideReason(TypedDict):
    key: str
    label: str


USUAL_REASONS: tuple[SetAsideReason, ...] = (
    {"key": "duplicate", "label": "A duplicate of another response"},
    {"key": "out_of_scope", "label": "Not about what the call asks"},
    {"key": "no_evidence", "label": "Nothing in it to consider"},
    {"key": "test", "label": "Sent as a test"},
    {"key": "abusive", "label": "Abusive or spam"},
)
