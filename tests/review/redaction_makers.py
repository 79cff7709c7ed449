"""What tests of redaction start from."""

from accounts.states import Role
from review.redaction.proposing import propose
from review.redaction.redacting import approve
from review.states import RedactionReason
from tests.makers import OPENS_AT, make_user


def make_proposed(
    response, passage, *, key="story", by=None, file_text=None, version=None, **given
):
    """A proposal to hide the first place of the words in the answer, or in the file's text."""
    version = version or response.current_version
    version.submission = response
    text = file_text.text if file_text else version.texts[key]
    start = text.index(passage)
    return propose(
        version=version,
        question=response.call.questions.get(key=key),
        file_text=file_text,
        start=start,
        end=start + len(passage),
        by=by or make_user(Role.REVIEWER),
        at=OPENS_AT,
        **({"reason": RedactionReason.THIRD_PERSON} | given),
    )


def make_redaction(response, passage, *, approver=None, **given):
    """The same, approved."""
    redaction = make_proposed(response, passage, **given)
    approve(redaction, by=approver or make_user(Role.REVIEWER), at=OPENS_AT)
    redaction.refresh_from_db()
    return redaction
