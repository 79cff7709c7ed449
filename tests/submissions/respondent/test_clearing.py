"""An optional choice is taken back, without a script, too."""

import pytest

from submissions.responses import drafting
from tests.makers import make_call, while_open
from tests.submissions.respondent.answering import address, answers_of, start

pytestmark = pytest.mark.django_db
OPTIONS = [{"key": "yes", "label": "Yes"}, {"key": "no", "label": "No"}]
QUESTIONS = [
    {"key": "won", "kind": "radio", "label": "Did you win?", "options": OPTIONS},
    {"key": "paid", "kind": "radio", "label": "Paid?", "options": OPTIONS, "required": True},
    {
        "key": "fairness",
        "kind": "matrix",
        "label": "How fair?",
        "rows": [{"key": "money", "label": "Money"}, {"key": "risk", "label": "Risk"}],
        "options": OPTIONS,
    },
    {"key": "story", "kind": "long", "label": "What happened?"},
]


@pytest.fixture
def call(at):
    call = make_call(evidence_questions=QUESTIONS)
    at(while_open(call))
    return call


@pytest.fixture
def draft(client, call):
    draft = start(client, call)
    values = {"won": "yes", "paid": "no", "fairness": {"money": "yes", "risk": "no"}}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    return draft


def posted(client, call, **more):
    page = client.get(address(call, "response/evidence/")).content.decode()
    etags = page.partition('name="_base_etags" value="')[2].partition('"')[0]
    given = {"won": "yes", "paid": "no", "fairness_money": "yes", "fairness_risk": "no"}
    return {"_base_etags": etags, **given, **more}


@pytest.mark.parametrize(
    ("name", "left", "place"),
    [
        ("won", {"paid": "no", "fairness": {"money": "yes", "risk": "no"}}, "?unfold=won#id_won"),
        (
            "fairness_risk",
            {"won": "yes", "paid": "no", "fairness": {"money": "yes"}},
            "?unfold=fairness#id_fairness-risk",
        ),
    ],
)
def test_choice_is_cleared_and_what_was_typed_beside_it_is_saved(
    client, call, draft, name, left, place
):
    fields = posted(client, call, story="Typed meanwhile", _clear=name)
    response = client.post(address(call, "response/evidence/"), fields)
    assert response["Location"] == address(call, f"response/evidence/{place}")
    assert answers_of(draft) == {**left, "story": "Typed meanwhile"}


def test_only_optional_choices_have_the_button(client, call, draft):
    page = client.get(address(call, "response/evidence/")).content.decode()
    names = [part.partition('"')[0] for part in page.split('name="_clear" value="')[1:]]
    assert names == ["won", "fairness_money", "fairness_risk"]


def test_enter_in_a_field_clears_nothing(client, call, draft):
    page = client.get(address(call, "response/evidence/")).content.decode()
    form = page.partition('<form method="post" enctype')[2]
    first = form.partition("<button ")[2].partition(">")[0]
    assert first == 'class="enter-key" type="submit" tabindex="-1" aria-hidden="true"'


FOLDED = [
    {
        "key": key,
        "kind": "checkboxes",
        "label": key,
        "options": [{"key": f"o{number}", "label": f"Option {number}"} for number in range(8)],
    }
    for key in ("barriers", "helps")
]


def test_fold_is_open_where_a_link_leads_into_it(client, at):
    call = make_call(evidence_questions=FOLDED)
    at(while_open(call))
    start(client, call)
    for query, opened in [
        ("", []),
        ("?unfold=helps", ["helps"]),
        ("?return=check", ["barriers", "helps"]),
    ]:
        page = client.get(address(call, f"response/evidence/{query}")).content.decode()
        blocks = page.split('<div id="question-')[1:]
        assert [
            block.partition('"')[0] for block in blocks if "<details open>" in block
        ] == opened, (query, opened)
