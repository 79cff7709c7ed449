"""What staff decide about responses that are alike, and how they mark passages."""

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


class TextState(TextChoices):
    """How far the portal is with reading the text of a file."""

    BEGUN = "begun", "Being read"
    READ = "read", "Read"
    NONE = "none", "No text could be read"


class NoText(TextChoices):
    """Why no text could be read; the labels end “The text of this file could not be read: ”."""

    PROTECTED = "protected", "it is protected by a password"
    DAMAGED = "damaged", "it is damaged, or its type is not what it says"
    NOT_THERE = "not_there", "there is none in it; it may be a scan"
    TOO_BIG = "too_big", "what is packed inside it is too big to open"
    TIME = "time", "it took too much time"
    MEMORY = "memory", "it took too much memory"
    LOST = "lost", "the portal does not have the file as it was submitted"
    BROKEN_OFF = "broken_off", "reading it was broken off three times"


class CodePattern(TextChoices):
    """The line under a coded passage, so that no code is told by its colour alone."""

    SOLID = "solid", "One line"
    DOUBLE = "double", "Two lines"
    DASHED = "dashed", "Dashes"
    DOTTED = "dotted", "Dots"
    WAVY = "wavy", "A wave"


class RedactionState(TextChoices):
    """How far a redaction is. An approved and a lost one hide words; nothing else does."""

    PROPOSED = "proposed", "Waits for approval"
    APPROVED = "approved", "Hidden"
    LOST = "lost", "To check: the answer has changed, and is hidden whole"
    REFUSED = "refused", "Refused"
    TAKEN_BACK = "taken_back", "Taken back"


LIVE_REDACTIONS = (RedactionState.APPROVED, RedactionState.LOST)


class RedactionReason(TextChoices):
    """Why words are hidden from readers outside the team."""

    AUTHOR = "author", "Personal data of the author"
    THIRD_PERSON = "third_person", "Personal data of somebody else"
    SAFEGUARDING = "safeguarding", "Safeguarding"
    COMMERCIAL = "commercial", "Commercially confidential"
    DEFAMATORY = "defamatory", "Defamatory"
    OTHER = "other", "Another reason"


class FindingBase(TextChoices):
    """Of which responses a finding counts its share."""

    SUBMITTED = "submitted", "All responses that count"
    ANSWERED = "answered", "Those who answered the questions chosen below"


class FindingStatus(TextChoices):
    """How far the team is with a finding."""

    DRAFT = "draft", "Draft"
    FOR_AGREEMENT = "for_agreement", "For agreement"
    AGREED = "agreed", "Agreed"
    DROPPED = "dropped", "Dropped"


class Stance(TextChoices):
    """What a passage says about a finding."""

    SUPPORTS = "supports", "Supports it"
    CONTRARY = "contrary", "Speaks against it"


class ReportAudience(TextChoices):
    """For whom a report is made."""

    TEAM = "team", "The project team"
    OUTSIDE = "outside", "Readers outside the team"


class ReportFormat(TextChoices):
    DOCX = "docx", "Word (DOCX)"
    HTML = "html", "A page (HTML)"
    CSV = "csv", "A table (CSV)"
