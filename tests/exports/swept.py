"""A response for each combination of what respondents choose, and what exports may show of it."""

import itertools

from accounts.states import Role
from exports.consent import PSEUDONYMISED
from review.coding.codings import code_passage
from submissions.responses.addresses import remember_address
from submissions.responses.submitting import submit
from tests.exports.exporting import NOW
from tests.exports.what_files_hold import mark
from tests.makers import (
    complete_answers,
    make_attachment,
    make_code,
    make_draft,
    make_first_call,
    make_user,
    while_open,
)
from tests.measuring import unmeasured

PUBLICATIONS = ("named", "organisation", "anonymous", "confidential")
YES_NO = ("yes", "no")
CAPACITIES = ("on_behalf_of_org", "personal")
# With every pair of choices; that the organisation may be listed decides of no cell.
SWEEP = [
    (publication, quote_ok, YES_NO[quote_ok == YES_NO[place]], capacity)
    for publication, quote_ok, (place, capacity) in itertools.product(
        PUBLICATIONS, YES_NO, enumerate(CAPACITIES)
    )
]


def marked(number):
    """What one respondent says: each text is found nowhere else."""
    word = f"zq{number:02d}x"
    return {
        "name": f"{word}name",
        "email": f"{word}mail@example.org",
        "org_name": f"{word}org",
        "charity_number": f"{word}charity",
        "role_other": f"{word}role",
        "good_practice": f"{word}good story",
        "file name": f"{word}file.txt",
        "file content": f"{word}content",
    }


@unmeasured
def make_swept(**overrides):
    """The first call with a response for each combination; by reference what each said."""
    call = make_first_call()
    for field, value in overrides.items():
        setattr(call, field, value)
    call.save()
    coder = make_user(Role.CODER, username="coder")
    codes = {
        "role_other": make_code(call=call, name="Roles"),
        "good_practice": make_code(call=call, name="Stories"),
    }
    said = {}
    for number, (publication, quote_ok, listed, capacity) in enumerate(SWEEP):
        texts = marked(number)
        answers = {key: value for key, value in texts.items() if not key.startswith("file ")} | {
            "roles": ["other"],
            "publication": publication,
            "quote_ok": quote_ok,
            "org_name_listed": listed,
            "capacity": capacity,
        }
        draft = make_draft(call, **complete_answers(call, **answers))
        make_attachment(draft, name=texts["file name"], content=texts["file content"].encode())
        version = submit(submission=draft, at=while_open(call))
        # Given for links alone, so in no export of any scope.
        address = f"zq{number:02d}xlinks@example.org"
        remember_address(submission=version.submission, address=address, at=while_open(call))
        for key, code in codes.items():
            code_passage(
                code=code,
                version=version,
                question=call.questions_by_key[key],
                start=0,
                end=5,
                by=coder,
                at=NOW,
            )
        said[version.submission.reference] = (texts, publication, quote_ok, capacity)
    return call, said


def exported_references(said, scope):
    """The responses that are rows of the export at all."""
    return {
        ref
        for ref, (_texts, publication, *_rest) in said.items()
        if not scope.named or scope.includes_unnamed or publication in {"named", "organisation"}
    }


def shown(said, scope=PSEUDONYMISED, *, shares_files=False):
    """The marks that an export may hold, and does."""
    marks = set()
    for ref in exported_references(said, scope):
        texts, publication, _quote_ok, capacity = said[ref]
        is_confidential = publication == "confidential"
        names = {"name", "email"}
        if capacity == "on_behalf_of_org":
            names |= {"org_name", "charity_number"}
        if publication == "organisation":
            names &= {"org_name"}
        keys = set()
        if not is_confidential or scope.confidential:
            keys.add("good_practice")
            if not is_confidential or shares_files:
                keys.add("file content")
        if (
            publication == "named"
            or (publication == "anonymous" and scope.named)
            or (is_confidential and scope.confidential)
        ):
            keys.add("role_other")
        if scope.named and not is_confidential:
            keys |= names
        marks |= {mark(texts[key]) for key in keys}
    return marks
