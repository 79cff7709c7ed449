"""The first call asks what it is known for, under the keys that exports and researchers rely on."""

import html
from datetime import UTC, datetime

import pytest

from submissions.respondent.steps import steps
from submissions.responses import drafting
from submissions.responses.answering import (
    asked_questions,
    validation_issues,
    warning_of,
)
from submissions.responses.models import Submission
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_first_call, make_submitted, while_open

pytestmark = pytest.mark.django_db

KINDS = {
    "about_you": {
        "roles": "roles",
        "role_other": "short",
        "capacity": "radio",
        "age": "radio",
        "email": "email",
    },
    "organisation": {
        "org_name": "short",
        "org_type": "radio",
        "income_band": "radio",
        "public_share": "radio",
        "charity_number": "short",
        "area": "checkboxes",
        "service_area": "checkboxes",
    },
    "competition": {
        "bid_history": "checkboxes",
        "competed_with": "radio",
        "competition_effect": "long",
        "barriers": "checkboxes",
    },
    "collaboration": {
        "partner_role": "radio",
        "fairness": "matrix",
        "good_practice": "long",
        "poor_practice": "long",
        "named_in_bid_unused": "radio",
    },
    "commissioning": {
        "commissioner_good": "long",
        "commissioner_view": "long",
        "service_user_effect": "long",
    },
    "recommendations": {
        "larger_orgs": "long",
        "smaller_orgs": "long",
        "umbrella_and_funders": "long",
        "anything_else": "long",
        "files": "file",
    },
    "permissions": {
        "publication": "radio",
        "org_name_listed": "radio",
        "quote_ok": "radio",
        "name": "short",
        "contact_followup": "radio",
        "updates": "checkbox",
        "declaration": "checkbox",
        "declaration_personal": "checkbox",
    },
}
OPTIONS = {
    "roles": "small_org large_bid commissioner thinker lived other",
    "capacity": "on_behalf_of_org personal",
    "age": "18_or_over 16_or_17 under_16",
    "org_type": "charity cic_or_social_enterprise unregistered_group local_authority nhs "
    "university_or_thinktank other",
    "income_band": "lt_10k 10k_25k 25k_100k 100k_1m 1m_10m 10m_100m ge_100m not_sure",
    "area": "north_east north_west yorkshire_and_the_humber east_midlands west_midlands "
    "east_of_england london south_east south_west wales scotland northern_ireland england_wide "
    "uk_wide outside_uk",
    "service_area": "homelessness domestic_abuse mental_health drug_alcohol criminal_justice "
    "children_families older_people disability employment_skills advice community_development "
    "infrastructure other",
    "public_share": "none 1_to_25 26_to_50 51_to_75 over_75 not_sure",
    "bid_history": "bid_alone led_partnership named_partner subcontracted declined_to_bid none",
    "competed_with": "much_larger similar much_smaller mixed",
    "partner_role": "lead partner subcontractor several",
    "fairness": "very_poor poor neither good very_good not_sure not_applicable",
    "named_in_bid_unused": "yes no not_sure",
    "barriers": "contract_size short_timescale underfunding payment_by_results risk_transfer "
    "forced_partnership partnership_barred opaque_scoring no_coproduction other",
    "publication": "named organisation anonymous confidential",
    "org_name_listed": "yes no",
    "quote_ok": "yes no",
    "contact_followup": "yes no",
}


ORGANISATION, PERSON = "on_behalf_of_org", "personal"
OF_BIDDERS = {"bid_history", "competed_with", "partner_role", "fairness", "named_in_bid_unused"}


def keys(options):
    return [option["key"] for option in options]


def asked_keys(call, **answers):
    return {question.key for question in asked_questions(call, answers)}


def required_keys(call, **answers):
    return asked_keys(call, **answers) & call.questionnaire.required(answers)


def test_questions_have_their_order_keys_and_kinds():
    call = make_first_call()
    found = {
        section.key: {question.key: question.kind for question in section.questions.all()}
        for section in call.sections.all()
    }
    assert found == KINDS
    assert [q.key for q in call.questions_in_order] == [k for s in KINDS.values() for k in s]


def test_options_have_their_order_and_keys():
    call = make_first_call()
    found = {q.key: " ".join(keys(q.options)) for q in call.questions_in_order if q.options}
    assert found == OPTIONS
    assert keys(call.questions_by_key["fairness"].rows) == [
        "sharing_of_decisions",
        "split_of_money",
        "time_to_payment",
        "split_of_risk",
        "credit",
        "information",
    ]


def test_call_closes_at_midday_on_24_july_2019():
    call = make_first_call()
    assert call.opens_at == datetime(2019, 5, 29, 8, tzinfo=UTC)
    assert call.closes_at == datetime(2019, 7, 24, 11, tzinfo=UTC)
    assert call.closes_in_words == "midday on Wednesday 24 July 2019 (UK time)"
    assert (call.slug, call.reference_prefix, call.grace_minutes, call.needs_evidence) == (
        "rebalancing-the-relationship",
        "RTR",
        0,
        True,
    )
    assert call.partners == ["NCVO", "ACEVO", "Lloyds Bank Foundation for England and Wales"]


def test_who_answers_is_kept_apart():
    call = make_first_call()
    assert {q.key for q in call.questions_in_order if q.identity} == {
        "name",
        "email",
        "org_name",
        "charity_number",
    }


def test_organisation_is_asked_of_organisations_only():
    call = make_first_call()
    of_organisations = {*KINDS["organisation"], "declaration"}
    assert of_organisations <= asked_keys(call, capacity="on_behalf_of_org")
    assert asked_keys(call, capacity="personal").isdisjoint(of_organisations)
    of_individuals = {"age", "declaration_personal"}
    assert of_individuals <= asked_keys(call, capacity="personal")
    assert asked_keys(call, capacity="on_behalf_of_org").isdisjoint(of_individuals)


def test_answer_is_required_when_it_matters():
    call = make_first_call()
    for key, answers, required in [
        ("role_other", {"roles": ["other"]}, True),
        ("role_other", {"roles": ["thinker"]}, False),
        ("name", {"publication": "named"}, True),
        ("name", {"publication": "confidential"}, True),
        ("name", {"publication": "organisation"}, False),
        ("name", {"publication": "anonymous"}, False),
        ("income_band", {"capacity": "on_behalf_of_org", "org_type": "charity"}, True),
        ("income_band", {"capacity": "on_behalf_of_org", "org_type": "unregistered_group"}, True),
        ("income_band", {"capacity": "on_behalf_of_org", "org_type": "nhs"}, False),
        ("service_user_effect", {"roles": ["lived"]}, True),
        ("service_user_effect", {"roles": ["large_bid"]}, False),
        ("org_name_listed", {"publication": "anonymous", "capacity": "on_behalf_of_org"}, True),
        ("org_name_listed", {"publication": "anonymous", "capacity": "personal"}, False),
        ("quote_ok", {"publication": "anonymous"}, True),
        ("quote_ok", {"publication": "confidential"}, False),
    ]:
        assert (key in required_keys(call, **answers)) is required, (key, answers)


def test_question_is_asked_when_it_applies():
    call = make_first_call()
    for key, answers, asked in [
        ("role_other", {"roles": ["lived", "other"]}, True),
        ("role_other", {"roles": ["lived"]}, False),
        ("commissioner_view", {"roles": ["commissioner"]}, True),
        ("commissioner_view", {"roles": ["small_org"]}, False),
        ("quote_ok", {"publication": "named"}, True),
        ("quote_ok", {"publication": "confidential"}, False),
        ("bid_history", {"roles": ["lived"], "capacity": ORGANISATION}, False),
        ("bid_history", {"roles": ["commissioner"], "capacity": ORGANISATION}, False),
        ("bid_history", {"roles": ["lived", "small_org"], "capacity": ORGANISATION}, True),
        ("competed_with", {"roles": ["commissioner"], "capacity": ORGANISATION}, False),
        ("fairness", {"roles": ["lived"], "capacity": ORGANISATION}, False),
        ("fairness", {"roles": ["large_bid"], "capacity": ORGANISATION}, True),
        ("barriers", {"roles": ["lived"]}, False),
        ("barriers", {"roles": ["lived", "commissioner"]}, True),
        ("barriers", {"roles": ["other"]}, True),
        ("larger_orgs", {"roles": ["lived"]}, False),
        ("larger_orgs", {"roles": ["thinker"]}, True),
    ]:
        assert (key in asked_keys(call, **answers)) is asked, (key, answers)


def test_what_an_organisation_did_is_asked_of_nobody_who_answers_for_themselves():
    call = make_first_call()
    for role in ("small_org", "large_bid", "other"):
        assert asked_keys(call, roles=[role], capacity=ORGANISATION) >= OF_BIDDERS, role
        assert asked_keys(call, roles=[role], capacity=PERSON) & OF_BIDDERS == set(), role


def test_draft_of_somebody_who_was_asked_it_before_keeps_and_tells_it(client, at):
    """What an organisation did was once asked of individuals, too."""
    call = make_first_call()
    at(while_open(call))
    client.post(f"/calls/{call.slug}/start/")
    draft = Submission.objects.get()
    values = {"roles": ["small_org"], "capacity": PERSON, "partner_role": "lead"}
    drafting.save_answers(submission=draft, call=call, values=values, at=while_open(call))
    page = html.unescape(client.get(f"/calls/{call.slug}/response/check/").content.decode())
    _, _, not_part = page.partition("Not part of your response")
    assert call.questions_by_key["partner_role"].label in not_part
    assert working_answers(draft, call)["partner_role"] == "lead"


def test_under_16_is_led_to_help():
    call = make_first_call()
    answers = complete_answers(call, capacity="personal", age="under_16")
    assert [(issue.key, issue.message) for issue in validation_issues(call, answers, {})] == [
        ("age", "We would like to hear from you, with somebody to help you")
    ]


def test_none_of_these_rules_the_others_out():
    call = make_first_call()
    answers = complete_answers(call, bid_history=["bid_alone", "none"])
    assert [issue.key for issue in validation_issues(call, answers, {})] == ["bid_history"]


def test_response_needs_an_answer_in_own_words_or_a_file():
    call = make_first_call()
    answers = complete_answers(call)
    del answers["competition_effect"]
    assert [issue.key for issue in validation_issues(call, answers, {})] == ["competition_effect"]
    assert validation_issues(call, answers, {"files": 1}) == []


def test_required_answer_in_own_words_is_demanded_without_the_rule_about_evidence():
    call = make_first_call()
    answers = complete_answers(call, roles=["lived"], capacity="personal")
    del answers["service_user_effect"], answers["publication"]
    assert [issue.key for issue in validation_issues(call, answers, {})] == [
        "service_user_effect",
        "publication",
    ]


def test_limits_are_those_of_the_question_set():
    questions = make_first_call().questions_by_key
    words = {key: q.max_words for key, q in questions.items() if q.kind == "long"}
    assert words == dict.fromkeys(words, 1000) | {
        "larger_orgs": 500,
        "smaller_orgs": 500,
        "umbrella_and_funders": 500,
        "anything_else": 1500,
    }
    files = questions["files"]
    assert (files.max_files, files.max_mb) == (3, 10)
    assert files.file_types == ["pdf", "docx", "odt", "txt"]


def test_charity_number_of_another_than_a_known_form_gives_a_warning():
    question = make_first_call().questions_by_key["charity_number"]
    assert question.warning.startswith("This does not look like a charity number.")
    known = ("123456", "1234567", "123 4567", "SC012345", "sc 012 345", "NIC100123")
    others = ("12345", "12345678", "1234 5678", "SC12345", "pending")
    found = {number: warning_of(question, number) for number in (*known, *others)}
    assert found == dict.fromkeys(known, "") | dict.fromkeys(others, question.warning)


def test_each_required_question_says_what_is_missing_in_its_own_words():
    call = make_first_call()
    silent = [
        q.key for q in call.questions_in_order if (q.required or q.required_if) and not q.missing
    ]
    assert silent == []


def test_complete_response_is_taken():
    call = make_first_call()
    response = make_submitted(call, capacity="on_behalf_of_org", roles=["commissioner", "lived"])
    assert response.reference.startswith("RTR-")
    assert set(response.current_version.identity.answers) == {"name", "email", "org_name"}


@pytest.mark.parametrize(
    ("answers", "pages"),
    [
        ({"roles": ["lived"], "capacity": "personal"}, 6),
        ({"roles": ["small_org"], "capacity": "personal"}, 7),
        ({"roles": ["commissioner"], "capacity": "on_behalf_of_org"}, 9),
        ({"roles": list(OPTIONS["roles"].split()), "capacity": "on_behalf_of_org"}, 10),
    ],
    ids=["service user", "individual", "commissioner", "every role"],
)
def test_each_route_is_short(answers, pages):
    """Beside them comes the page to check: 7 for a service user, 11 for the longest route."""
    call = make_first_call()
    answers |= {"age": "18_or_over", "publication": "named"}
    assert len(steps(call, call.questionnaire.sections, answers)) == pages


def test_address_is_asked_after_the_age_and_the_name_after_publication():
    order = [q.key for q in make_first_call().questions_in_order]
    assert order.index("age") < order.index("email")
    assert order.index("publication") < order.index("name")


def test_no_hint_says_what_the_page_says_of_whom_a_question_is_for():
    hints = [question.hint.lower() for question in make_first_call().questions_in_order]
    assert [hint for hint in hints if "answer this" in hint or "you need not" in hint] == []
