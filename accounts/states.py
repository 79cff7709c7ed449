"""The roles in a call, what people may do there, and the actions that go on record."""

from django.db.models import TextChoices


class AuditAction(TextChoices):
    EXPORT_STARTED = "export_started", "Started an export"
    EXPORTED = "exported", "Exported responses"
    EXPORT_BROKEN = "export_broken", "Export broken off"
    RESPONSE_OPENED = "response_opened", "Opened a response"
    QUESTION_READ = "question_read", "Read the answers to a question"
    ANSWERS_SEARCHED = "answers_searched", "Searched responses"
    FILE_OPENED = "file_opened", "Opened a file"
    STATUS_CHANGED = "status_changed", "Changed a response's status"
    RESPONSE_ASSIGNED = "response_assigned", "Assigned a response"
    RESPONSE_FLAGGED = "response_flagged", "Flagged a response"
    CALL_CHANGED = "call_changed", "Changed a call"
    MAIL_RESENT = "mail_resent", "Sent a mail again"
    CALL_LOADED = "call_loaded", "Loaded a call definition"
    LATE_PASS_GIVEN = "late_pass_given", "Gave a late pass"
    LATE_PASS_REVOKED = "late_pass_revoked", "Took a late pass back"
    RESPONSE_WITHDRAWN = "response_withdrawn", "Withdrew a response"
    ADDRESS_CORRECTED = "address_corrected", "Corrected the address of a mail"
    EXPORT_DOWNLOADED = "export_downloaded", "Downloaded an export"
    EXPORT_CANCELLED = "export_cancelled", "Cancelled an export"
    REHEARSAL_RESET = "rehearsal_reset", "Reset a rehearsal"
    IDENTITY_SEARCHED = "identity_searched", "Searched who answered"
    MEMBERSHIP_GIVEN = "membership_given", "Made somebody a member of a call"
    MEMBERSHIP_CHANGED = "membership_changed", "Changed somebody's membership"
    MEMBERSHIP_ENDED = "membership_ended", "Ended somebody's membership"
    PERSON_INVITED = "person_invited", "Invited somebody"
    INVITATION_REVOKED = "invitation_revoked", "Took an invitation back"
    INVITATION_ACCEPTED = "invitation_accepted", "Made an account by an invitation"
    PERSON_CHANGED = "person_changed", "Changed a person's user"
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    SIGNED_OUT = "signed_out", "Signed out"
    SIGN_IN_ENDED = "sign_in_ended", "Ended a sign-in"
    PASSWORD_CHANGED = "password_changed", "Changed a password"
    SECOND_FACTOR_SET_UP = "second_factor_set_up", "Set up a second factor"
    SECOND_FACTOR_REMOVED = "second_factor_removed", "Took a second factor away"
    MAIL_OPENED = "mail_opened", "Opened a mail"
    PERSONAL_DATA_GIVEN = "personal_data_given", "Made a copy of what a person gave"
    ERASURE_ASKED = "erasure_asked", "Asked for an erasure"
    ERASURE_CONFIRMED = "erasure_confirmed", "Confirmed a request to erase"
    ERASURE_APPROVED = "erasure_approved", "Approved an erasure"
    ERASURE_REFUSED = "erasure_refused", "Refused an erasure"
    ERASURE_WITHDRAWN = "erasure_withdrawn", "Withdrew a request to erase"
    ERASED = "erased", "Erased a response or who gave it"
    NOTE_WRITTEN = "note_written", "Wrote a note"
    NOTE_RESOLVED = "note_resolved", "Resolved a note"
    CODE_ADDED = "code_added", "Added a code"
    CODE_CHANGED = "code_changed", "Changed a code"
    CODE_MOVED = "code_moved", "Moved a code"
    CODE_RETIRED = "code_retired", "Retired a code, or brought it back"
    CODES_MERGED = "codes_merged", "Merged a code into another"
    CODE_SPLIT = "code_split", "Moved codings to another code"
    CODEBOOK_IMPORTED = "codebook_imported", "Imported a codebook"
    PASSAGES_READ = "passages_read", "Read the passages of a code"
    CODING_REMOVED = "coding_removed", "Took a passage from under a code"
    RETENTION_CONFIRMED = "retention_confirmed", "Confirmed what ends"
    DATA_ENDED = "data_ended", "Ended data after its period"
    RECORD_ENDED = "record_ended", "Ended audit events after their period"
    ENTRY_BEGUN = "entry_begun", "Began to enter a response"
    ENTRY_CHANGED = "entry_changed", "Changed how or when an entered response came"
    ENTRY_DISCARDED = "entry_discarded", "Discarded a half-entered response"
    IMPORT_UPLOADED = "import_uploaded", "Uploaded a file with many responses"
    IMPORT_ASKED = "import_asked", "Had an import of responses carried out"
    IMPORT_DONE = "import_done", "An import of responses was carried out"
    IMPORT_DISCARDED = "import_discarded", "Discarded a file with many responses"
    RESPONSE_ENTERED = "response_entered", "Entered a response"
    DUPLICATES_DECIDED = "duplicates_decided", "Decided about alike responses"
    QUESTION_ASKED = "question_asked", "Asked the author of a response a question"
    QUESTION_ANSWERED = "question_answered", "Answered a question about a response"
    QUESTIONS_REFUSED = "questions_refused", "Stopped questions about a response"
    QUESTIONS_ALLOWED = "questions_allowed", "Allowed questions about a response again"
    DUPLICATES_CHANGED = "duplicates_changed", "Took responses out of a set, or put them back"


class Role(TextChoices):
    """What somebody is in a call. `accounts.rights` says what each may do."""

    MANAGER = "manager", "Manager"
    REVIEWER = "reviewer", "Reviewer"
    CODER = "coder", "Coder"
    STEERING_MEMBER = "steering_member", "Steering member"
    DATA_PROTECTION = "data_protection", "Data protection"


class Action(TextChoices):
    """What somebody may do in a call."""

    SEE_CALL = "see_call", "See the call and its closing report"
    CHANGE_CALL = "change_call", "Change the call's words and its closing time"
    READ_RESPONSES = "read_responses", "Read responses"
    OPEN_FILES = "open_files", "Open files of responses"
    SEE_IDENTITY = "see_identity", "See who answered"
    CHANGE_STATUS = "change_status", "Change the status of a response, assign it and flag it"
    DECIDE_DUPLICATES = "decide_duplicates", "Decide about duplicates and campaigns"
    CODE = "code", "Put passages under codes, and add codes"
    CHANGE_CODEBOOK = "change_codebook", "Change, move, merge, split and retire codes"
    WRITE_NOTES = "write_notes", "Write and resolve notes on responses"
    ENTER_RESPONSES = "enter_responses", "Enter responses that came another way"
    ASK_AUTHOR = "ask_author", "Ask the author of a response a question"
    WITHDRAW = "withdraw", "Withdraw a response at its author's request"
    FIND_PERSON = "find_person", "Find what a person gave, and make a copy of it"
    ENTER_ERASURE = "enter_erasure", "Enter a request to erase at its author's request"
    DECIDE_ERASURE = "decide_erasure", "Approve or refuse a request to erase"
    SEE_MAILS = "see_mails", "See the outbox"
    SEND_MAILS = "send_mails", "Send a mail again"
    SEE_LATE_PASSES = "see_late_passes", "See late passes"
    GIVE_LATE_PASSES = "give_late_passes", "Give a late pass and take it back"
    READ_RECORD = "read_record", "Read the audit events"
    SEE_PEOPLE = "see_people", "See who is a member"
    MANAGE_PEOPLE = "manage_people", "Make, change and end memberships"
    CONFIRM_RETENTION = "confirm_retention", "Confirm what ends after its period"
    GET_DIGEST = "get_digest", "Get the daily digest"
    SEE_STEERING = "see_steering", "See the charts"
    EXPORT = "export", "Export responses without who answered"
    EXPORT_NAMED = "export_named", "Export who answered"
    EXPORT_CONFIDENTIAL = "export_confidential", "Export confidential responses"


class AccountMailKind(TextChoices):
    INVITATION = "invitation", "Invitation"
    NEW_PASSWORD = "new_password", "Link to a new password"
    PASSWORD_CHANGED = "password_changed", "Notice of a changed password"
    SECOND_FACTOR = "second_factor", "Notice of a changed second factor"


class AccountMailState(TextChoices):
    WAITING = "waiting", "Waiting"
    CLAIMED = "claimed", "Being sent"


REHEARSAL_EMAIL_DOMAIN = "rehearsal.invalid"


def audit_actions() -> list[tuple[str, str]]:
    """Return the choices of an event: as a function, so that a new one needs no migration."""
    return AuditAction.choices


def actions() -> list[tuple[str, str]]:
    """Return the choices of a right: as a function, so that a new one needs no migration."""
    return Action.choices
