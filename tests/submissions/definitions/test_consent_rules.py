"""What a definition must say about publication."""

import pytest

from submissions.calls.models import Call
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from tests.makers import OPENS_AT, SMALL, make_submitted

TEXT = SMALL.read_text(encoding="utf-8")
QUESTION = TEXT[TEXT.index('[[sections.questions]]\nkey = "publication"') :].split("[[sections")[1]
SILENT = TEXT.replace(f"[[sections{QUESTION}", "").replace(
    'required_if = "publication != confidential"', ""
)


def with_policy(policy, text=SILENT):
    return text.replace('reference_prefix = "SML"', f'reference_prefix = "SML"\n{policy}', 1)


def problems_of(text):
    with pytest.raises(DefinitionRefused) as refused:
        parse(text, source="small.toml")
    return refused.value.problems


def test_call_that_asks_nobody_says_what_becomes_of_the_responses():
    (problem,) = problems_of(SILENT)
    assert problem.startswith("small.toml: call.publication: is missing: no question “publication”")
    for policy in ("never", "not asked"):
        definition = parse(with_policy(f'publication = "{policy}"'), source="small.toml")
        assert definition.publication == policy
    assert parse(TEXT, source="small.toml").publication == "asked"


@pytest.mark.parametrize("policy", ["asked", "sometimes"])
def test_other_policy_is_refused(policy):
    (problem,) = problems_of(with_policy(f'publication = "{policy}"'))
    assert problem.startswith(
        f"small.toml: call.publication: “{policy}” must be “never” or “not asked”"
    )


def test_policy_beside_the_question_is_refused():
    assert problems_of(with_policy('publication = "never"', TEXT)) == [
        "small.toml: call.publication: is “never”, and yet sections.evidence.publication asks "
        "respondents"
    ]


def test_quoting_needs_the_question_about_publication():
    quoting = """
[[sections.questions]]
key = "quote_ok"
kind = "radio"
label = "May we quote?"
options = [{ key = "yes", label = "Yes" }, { key = "no", label = "No" }]
"""
    assert problems_of(with_policy('publication = "not asked"') + quoting) == [
        "small.toml: sections.evidence.quote_ok: needs a question “publication”: nothing else is "
        "published"
    ]


def test_leave_to_contact_is_a_choice_of_yes_and_no():
    asked = """
[[sections.questions]]
key = "contact_followup"
kind = "radio"
label = "May we contact you?"
options = [{ key = "yes", label = "Yes" }, { key = "no", label = "No" }]
"""
    parse(with_policy('publication = "not asked"') + asked, source="small.toml")
    other = asked.replace('key = "no"', 'key = "never"')
    assert problems_of(with_policy('publication = "not asked"') + other) == [
        "small.toml: sections.evidence.contact_followup: must be of the kind “radio”, with the "
        "options yes and no"
    ]


def test_organisation_needs_the_name_that_may_be_published():
    text = TEXT.replace(
        '{ key = "named", label = "Yes, with a name" }',
        '{ key = "organisation", label = "With its name" }',
    )
    (problem,) = problems_of(text)
    assert "publication.options.organisation: needs a question “org_name”" in problem


@pytest.mark.django_db
def test_keys_of_disclosure_are_those_of_the_definition():
    definition = parse(
        with_policy("hides_small_counts = true\nshares_confidential_files = true", TEXT),
        source="small.toml",
    )
    load(definition, by=None, at=OPENS_AT)
    call = Call.objects.get()
    assert (call.hides_small_counts, call.shares_confidential_files) == (True, True)


def load_with(policy):
    text = TEXT if policy == "asked" else with_policy(f'publication = "{policy}"')
    return load(parse(text, source="small.toml"), by=None, at=OPENS_AT).call


@pytest.mark.django_db
def test_promise_becomes_stricter_after_a_response():
    make_submitted(load_with("not asked"))
    assert load_with("never").publication == "never"


@pytest.mark.django_db
@pytest.mark.parametrize("before", ["never", "asked"])
def test_promise_never_becomes_looser_after_a_response(before):
    make_submitted(load_with(before))
    with pytest.raises(DefinitionRefused) as refused:
        load_with("not asked")
    assert (
        "small.toml: call.publication: cannot become “not asked”: 1 response came in under "
        f"“{before}”"
    ) in refused.value.problems
