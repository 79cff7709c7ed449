"""What a section's form takes, keeps and says."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submissions.responses.etags import etag
from submissions.responses.working_copy import working_answers
from tests.makers import complete_answers, make_call, make_draft
from tests.submissions.respondent.forms.drawing import drawn, form_of, judge, page_of

pytestmark = pytest.mark.django_db

ELSEWHERE = [
    {
        "key": "place",
        "kind": "short",
        "label": "Where?",
        "show_if": "age = adult",
    }
]


def posted_from(call, section, answers):
    """A query as a browser would send it."""
    query = QueryDict(mutable=True)
    for question in call.questions_in_order:
        value = answers.get(question.key)
        if question.section.key != section or value is None:
            continue
        if isinstance(value, dict):
            for row, key in value.items():
                query[f"{question.key}_{row}"] = key
        elif isinstance(value, list):
            query.setlist(question.key, value)
        else:
            query[question.key] = "yes" if value is True else value
    return query


def test_what_is_posted_is_what_is_stored_and_shown_again():
    call = make_call()
    answers = complete_answers(
        call, fairness={"money": "poor"}, history=["bid", "led"], story="One\n\ntwo", quote_ok="yes"
    )
    stored = {}
    for section in ("about", "evidence"):
        form = form_of(call, section, posted=posted_from(call, section, answers))
        assert form.is_valid()
        stored |= {key: value for key, value in form.values.items() if value is not None}
    assert stored == answers
    draft = make_draft(call, **stored)
    assert working_answers(draft, call) == answers


def test_an_incomplete_page_is_valid_and_its_emptied_answers_are_none():
    form = form_of(make_call(), posted="email=&roles=provider")
    assert form.is_valid()
    assert form.values == {"roles": ["provider"], "email": None, "age": None}


def test_a_text_that_was_not_posted_is_left_as_it_is():
    form = form_of(make_call(), posted="roles=provider", answers={"email": "a@example.org"})
    assert form.is_valid()
    assert "email" not in form.values


def test_boxes_that_the_page_did_not_show_are_left_as_they_are():
    call = make_call()
    shown = form_of(call, posted="_base_etags=roles+email&email=")
    assert shown.values == {"roles": None, "email": None}


def test_page_names_the_questions_that_it_showed():
    form = form_of(make_call(), answers={})
    [hidden] = page_of(form).find("input", name="_base_etags")
    assert hidden.attrs["value"] == "roles:- role_other:- email:- age:-"


def test_page_marks_each_answer_that_it_showed():
    call = make_call()
    etags = form_of(call, answers={"email": "a@example.org"}).etags
    assert f"email:{etag('a@example.org')}" in etags.split()
    assert form_of(call, posted=f"_base_etags={etags.replace(' ', '+')}").base_etags["age"] == {"-"}


def test_answers_that_can_be_stored_are_kept_beside_one_that_cannot():
    form = form_of(make_call(), posted="email=a%00b&roles=provider&age=nonsense&_base_etags=roles")
    assert not form.is_valid()
    assert form.values == {"roles": ["provider"], "email": "a\ufffdb"}
    assert form.error_summary == [
        ("Select one of the answers that are shown", "id_age"),
    ]
    assert "a\ufffdb" in drawn(form)


def test_issues_are_those_of_the_section_with_what_was_just_posted():
    form = form_of(make_call(), posted="roles=other&role_other=&email=a@example.org&age=adult")
    assert form.is_valid()
    judge(form)
    assert form.error_summary == [("Enter an answer to “Describe your role”", "id_role_other")]
    assert form.has_errors


def test_a_refused_answer_is_not_called_missing_too():
    form = form_of(make_call(), posted="email=a@example.org&roles=provider&age=nonsense")
    judge(form)
    assert [target for _, target in form.error_summary] == ["id_age"]


def test_issues_can_be_said_before_anything_is_posted():
    form = form_of(make_call(), answers={"roles": ["provider"], "age": "adult"})
    form.add_issues()
    assert form.error_summary == [("Enter your email address", "id_email")]
    assert form.values == {}


def test_uploads_are_handed_on_and_are_no_answer():
    upload = SimpleUploadedFile("a.txt", b"text")
    form = form_of(make_call(), "evidence", posted="story=", files={"documents": [upload]})
    assert form.is_valid()
    assert form.uploads == {"documents": [upload]}
    assert "documents" not in form.values


def test_the_file_to_remove_is_the_one_whose_button_was_pressed():
    assert form_of(make_call(), "evidence", posted="_remove=abc").file_to_remove == "abc"
    assert form_of(make_call(), "evidence", posted="").file_to_remove == ""
    assert form_of(make_call(), "evidence").file_to_remove == ""


def test_a_question_ruled_out_by_another_page_is_not_there():
    call = make_call(evidence_questions=ELSEWHERE)
    assert list(form_of(call, "evidence", answers={"age": "child"}).fields) == []
    assert list(form_of(call, "evidence", answers={"age": "adult"}).fields) == ["place"]
    assert list(form_of(call, "evidence").fields) == ["place"]


def test_a_question_ruled_out_by_its_own_page_is_still_there():
    form = form_of(make_call(), "evidence", answers={"publication": "confidential"})
    assert "quote_ok" in form.fields


def test_what_was_typed_is_kept_though_another_tab_ruled_the_question_out():
    call = make_call(evidence_questions=ELSEWHERE)
    form = form_of(call, "evidence", answers={"age": "child"}, posted="place=Leeds")
    assert form.values == {"place": "Leeds"}


NAMES = (
    "roles role_other email age history fairness fairness_money story documents publication "
    "quote_ok declaration _base_etags _remove nobody"
)
names = st.sampled_from(NAMES.split())
values = st.one_of(
    st.sampled_from(["provider", "adult", "bid", "none", "good", "named", "yes", "", "\0"]),
    st.text(st.characters(exclude_categories=[]), max_size=40),
)


def test_anything_posted_is_stored_or_refused_and_never_raises():
    call = make_call()

    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(names, st.lists(values, min_size=1, max_size=4), max_size=8))
    def take(posted):
        query = QueryDict(mutable=True)
        for name, several in posted.items():
            query.setlist(name, several)
        for section in ("about", "evidence"):
            form = form_of(call, section, posted=query)
            form.is_valid()
            draft = make_draft(call, **form.values)
            kept = {key: value for key, value in form.values.items() if value is not None}
            assert working_answers(draft, call) == kept
            form.add_issues()
            assert bool(form.error_summary) == form.has_errors
            assert "\0" not in drawn(form)
            drawn(form).encode()

    take()
