"""Examples in the codebook that quote a response, or name its author, end with it."""

import pytest

from review.coding.forgetting import ERASED
from submissions.responses.states import ErasureScope
from tests.makers import make_call, make_code, make_submitted, while_open
from tests.personal_data.erasures import erase

STORY = "We bid together. The prime kept half of it.\nIt hurt."
EXAMPLES = {
    "quoted": "One said: “The prime\nkept half of it.”",
    "one line": "One said: “The prime kept half of it.”",
    "a name within a word": "Canada@example.org.uk",
    "alone": "the prime kept half of it.",
    "named": "As ada@example.org said.",
    "own": "A prime keeps more than its share.",
    "short": "It hurt.",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("scope", "gone"),
    [
        (ErasureScope.RESPONSE, {"quoted", "one line", "alone", "named"}),
        (ErasureScope.IDENTITY, {"named"}),
        (ErasureScope.FILES, set()),
    ],
)
def test_examples_end_with_the_response_that_they_quote(at, scope, gone):
    call = make_call()
    at(while_open(call))
    response = make_submitted(call, story=STORY, email="ada@example.org")
    for name, example in EXAMPLES.items():
        make_code(call=call, name=name, example=example)
    elsewhere = make_code(call=make_call(), name="alone", example=EXAMPLES["alone"])
    erase(response, at=while_open(call), scope=scope)
    found = {code.name: code.example for code in call.codes.all()}
    assert {name for name, example in found.items() if example == ERASED} == gone
    assert all(example in (ERASED, EXAMPLES[name]) for name, example in found.items())
    elsewhere.refresh_from_db()
    assert elsewhere.example == EXAMPLES["alone"]
