"""The states of a response, and how and when it came."""

from django.db.models import TextChoices


class SubmissionState(TextChoices):
    DRAFT = "draft", "Draft"
    SUBMITTED = "submitted", "Submitted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    ERASED = "erased", "Erased"


class Timing(TextChoices):
    """Which deadline a version was received before."""

    ON_TIME = "on_time", "On time"
    GRACE = "grace", "In the grace period"
    LATE_PASS = "late_pass", "With a late pass"


class ScanState(TextChoices):
    """What the virus scanner said of a file."""

    CLEAN = "clean", "Nothing found"
    INFECTED = "infected", "Infected"
    FAILED = "failed", "Could not be scanned"


class Channel(TextChoices):
    """How the evidence reached the project."""

    WEB = "web", "This website"
    EMAIL = "email", "Email"
    POST = "post", "Post"
    PHONE = "phone", "Telephone"
    IN_PERSON = "in_person", "In person"

    @property
    def in_a_sentence(self) -> str:
        """Return how it came as the end of a sentence, such as “by post”."""
        if self in {Channel.WEB, Channel.IN_PERSON}:
            return "on this website" if self == Channel.WEB else "in person"
        return f"by {self.label.lower()}"


class Acknowledgement(TextChoices):
    """How the author of a response that staff entered is told of its reference."""

    MAIL = "mail", "By email, to the address among the answers"
    LETTER = "letter", "By a letter to print"
    NONE = "none", "Not at all: its author does not want it, or cannot be reached"


class ImportKind(TextChoices):
    """What a file with many responses is."""

    CSV = "csv", "A table (CSV)"
    FOLDER = "folder", "A folder of files (ZIP)"


class ImportState(TextChoices):
    """How far an import is: until it is asked for, nothing of it is entered."""

    CHECKING = "checking", "To be checked"
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Being carried out"
    DONE = "done", "Carried out"


class TriageStatus(TextChoices):
    """How far the project's staff have read a submission."""

    UNREAD = "unread", "New"
    IN_REVIEW = "in_review", "In review"
    CONSIDERED = "considered", "Considered"
    SET_ASIDE = "set_aside", "Set aside"


class AccessEnd(TextChoices):
    """What ended somebody's access to a response that they worked on together."""

    AUTHOR = "author", "Its author took it back"
    LEFT = "left", "They left"
    SUBMITTED = "submitted", "It was submitted"
    FINISHED = "finished", "Its changes were discarded, or it was withdrawn"
    HELP = "help", "An answer led to a page of help"
    TIME = "time", "Its period was over"


class ErasureState(TextChoices):
    """How far a request to erase is: erased is out of the database, done is everywhere."""

    ASKED = "asked", "Asked for"
    APPROVED = "approved", "Approved"
    ERASED = "erased", "Being erased"
    DONE = "done", "Erased"
    REFUSED = "refused", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class ErasureScope(TextChoices):
    """What a request to erase is about."""

    IDENTITY = "identity", "Who answered"
    FILES = "files", "The files"
    RESPONSE = "response", "The whole response"


class ErasureGround(TextChoices):
    """Why something is erased."""

    AUTHOR = "author", "Its author’s request"
    RETENTION = "retention", "The end of its retention"
