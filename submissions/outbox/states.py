"""The states and kinds of mails, and who gave their addresses."""

from django.db.models import TextChoices


class OutboxState(TextChoices):
    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "Being sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


UNFINISHED = (OutboxState.WAITING, OutboxState.CLAIMED)
FINISHED = (OutboxState.SENT, OutboxState.FAILED)


class MailKind(TextChoices):
    CONFIRMATION = "confirmation", "Confirmation of a submission"
    AMENDED = "amended", "Confirmation of a changed submission"
    WITHDRAWN = "withdrawn", "Confirmation of a withdrawal"
    RETURN_LINK = "return_link", "Link back to a response"
    REMINDER = "reminder", "Reminder of an unfinished response"
    CLOSED_WITH_DRAFT = "closed_with_draft", "Closed with an unfinished response"
    LATE_PASS = "late_pass", "Late pass"
    STAFF_DIGEST = "staff_digest", "Daily digest for staff"
    RECEIPT_AGAIN = "receipt_again", "Receipt at an address that staff entered"
    RECEIPT_ELSEWHERE = "receipt_elsewhere", "Notice that staff sent a receipt elsewhere"
    ADDRESS_CHANGED = "address_changed", "Notice of a changed address"
    VERSION_NOTICE = "version_notice", "Notice of a changed submission at an earlier address"
    FILE_INFECTED = "file_infected", "Notice of a file that the virus scanner found harmful"
    ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement of a response that staff entered"
    ERASURE_ASKED = "erasure_asked", "Notice of a request to erase"
    ERASURE_STOPPED = "erasure_stopped", "A request to erase was refused or withdrawn"
    ERASURE_DONE = "erasure_done", "Notice that a response was erased"
    QUESTION_ASKED = "question_asked", "Question to the author of a response"
    QUESTION_ANSWERED = "question_answered", "Confirmation of an answer to a question"
    COLLEAGUE_INVITED = "colleague_invited", "Invitation to work on a response"


# What a respondent keeps as proof. Their links confirm an address, and open nothing.
RECEIPTS = (MailKind.CONFIRMATION, MailKind.AMENDED)
# One mail to an address lists all responses that it is about.
LISTING = (MailKind.REMINDER, MailKind.CLOSED_WITH_DRAFT)


class AddressSource(TextChoices):
    """Who gave an address: only one that the author of a response gave gets links to it."""

    AUTHOR = "author", "The author of the response"
    STAFF = "staff", "Staff"
    # Of somebody else: no mail about the response goes there but the invitation.
    COLLEAGUE = "colleague", "The author, for a colleague"
