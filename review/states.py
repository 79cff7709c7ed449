"""What staff decide about responses that are alike."""

from django.db.models import TextChoices


class ClusterKind(TextChoices):
    """Why responses stand together."""

    TEXT = "text", "The same words"
    SENDER = "sender", "The same sender"


class ClusterState(TextChoices):
    """What staff decided about responses that stand together."""

    OPEN = "open", "To decide"
    CAMPAIGN = "campaign", "Campaign"
    DUPLICATE = "duplicate", "Duplicates"
    UNRELATED = "unrelated", "Unrelated"


class MemberState(TextChoices):
    """Whether staff agreed that the response belongs there."""

    PROPOSED = "proposed", "Proposed"
    CONFIRMED = "confirmed", "Confirmed"
    REJECTED = "rejected", "Taken out"


class Likeness(TextChoices):
    """How a response is like the one that it was found by."""

    IDENTICAL = "identical", "Identical"
    NEAR = "near", "Nearly identical"
    SENDER = "sender", "Same sender"
