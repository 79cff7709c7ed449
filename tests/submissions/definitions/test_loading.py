import re
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.calls.models import Call
from submissions.definitions.closing_times import change_closing_time
from submissions.definitions.loading import load, parse
from submissions.responses import submitting
from submissions.responses.evidence_checks import record
from tests.catalogues import speak_one_language
from tests.makers import OPENS_AT, complete_answers, make_draft, make_user
from tests.submissions.definitions.small_call import (
    TEXT,
    answered,
    changed,
    load_text,
    refusal,
    snapshot,
    without_question,
)

pytestmark = pytest.mark.django_db


def test_first_load_makes_the_call_and_records_it():
    result = load(parse(TEXT, source="small.toml"), by=make_user(), at=OPENS_AT)
    assert (result.outcome, result.changes) == ("created", ())
    assert [q.key for q in result.call.questions_in_order][:3] == ["roles", "role_other", "email"]
    event = AuditEvent.objects.get()
    assert (event.action, event.call, event.at) == (AuditAction.CALL_LOADED, result.call, OPENS_AT)
    assert event.actor is not None
    assert event.detail == {
        "outcome": "created",
        "digest": result.call.definition_digest,
        "changes": [],
        "opens_at": "2019-05-29T08:00:00+00:00",
        "closes_at": "2019-07-24T11:00:00+00:00",
    }


def test_second_load_changes_nothing():
    load_text()
    before = snapshot()
    assert load_text().outcome == "unchanged"
    assert snapshot() == before


def test_second_load_leaves_what_staff_changed():
    call = load_text().call
    extended = call.closes_at + timedelta(days=7)
    Call.objects.update(closes_at=extended)
    assert load_text().outcome == "unchanged"
    assert Call.objects.get().closes_at == extended


def test_another_closing_time_than_the_portals_is_refused():
    load_text()
    Call.objects.update(closes_at=datetime(2019, 7, 31, 11, tzinfo=UTC))
    text = changed('title = "A small call"', 'title = "A new title"')
    assert refusal(text) == [
        "small.toml: call.closes: the file says midday on Wednesday 24 July 2019 (UK time), the "
        "portal has midday on Wednesday 31 July 2019 (UK time). Staff may have changed it: "
        "change the file, or load with --reset-times"
    ]
    result = load_text(text, reset_times=True)
    assert result.changes == ("call.title: changed", "call.closes_at: changed")
    assert result.call.closes_at == datetime(2019, 7, 24, 11, tzinfo=UTC)


def test_closing_time_that_a_load_puts_back_is_a_closing_change():
    call = load_text().call
    defined, now = call.closes_at, OPENS_AT + timedelta(days=1)
    extended = defined + timedelta(days=7)
    change_closing_time(call, to=extended, reason="Floods.", by=make_user(), at=now)
    text = changed('title = "A small call"', 'title = "A new title"')
    loaded = load(parse(text, source="small.toml"), by=None, at=now, reset_times=True).call
    assert loaded.previous_closing_in_words == "midday on Wednesday 31 July 2019 (UK time)"
    last = loaded.closing_changes.first()
    assert (last.before, last.after, last.by) == (extended, defined, None)
    event = AuditEvent.objects.filter(action=AuditAction.CALL_CHANGED).order_by("pk").last()
    assert event.detail["after"] == "2019-07-24T11:00:00+00:00"
    assert list(record.problems()) == []


def test_another_grace_period_than_the_portals_is_refused():
    load_text()
    text = changed('help = "Ask us."', 'help = "Ask us."\ngrace_minutes = 5')
    assert refusal(text) == [
        "small.toml: call.grace_minutes: the file says 5 minutes, the portal has 0 minutes. Staff "
        "may have changed it: change the file, or load with --reset-times"
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "closes = 2019-07-24T12",
            "closes = 2019-07-23T12",
            "closes: 1 response came in at or after",
        ),
        ("opens = 2019-05-29T09", "opens = 2019-07-24T11", "opens: 1 response came in before"),
    ],
)
def test_times_cannot_shut_out_what_was_received(old, new, problem):
    answered()
    assert refusal(changed(old, new), reset_times=True) == [f"small.toml: call.{problem} that time"]


def test_call_without_answers_takes_every_change():
    load_text()
    text = without_question("story")
    text = changed('kind = "short"\nlabel = "Charity', 'kind = "short"\nlabel = "Registered', text)
    text = changed('key = "none", label = "None", exclusive = true', 'key = "x", label = "X"', text)
    result = load_text(text)
    assert result.changes == (
        "sections.about_you.number: label",
        "sections.evidence.history: options",
        "sections.evidence.story: removed",
    )
    assert "story" not in result.call.questions_by_key
    assert load_text(text).outcome == "unchanged"


def test_all_that_roles_and_sections_say_can_change():
    load_text()
    text = changed('label = "Something else"\nreveals = "role_other"', 'label = "Another"')
    text = changed('label = "I provide services"', 'label = "I serve"\nreveals = "number"', text)
    text = changed('title = "About you"', 'title = "You"\nintro = "First."', text)
    text = changed('show_if = "roles contains provider"', 'show_if = "size = small"', text)
    call = load_text(text).call
    assert [*call.roles.values_list("key", "label", "reveals")] == [
        ("provider", "I serve", "number"),
        ("other", "Another", ""),
    ]
    assert [*call.sections.values_list("key", "title", "intro", "show_if")] == [
        ("about_you", "You", "First.", ""),
        ("evidence", "Evidence", "", "size = small"),
    ]


def test_facets_and_bands_can_change_after_responses():
    answered()
    text = changed('label = "NHS size"', 'label = "size"\nshort_labels = { small = "few" }')
    text = changed('key = "upper", label = "Upper half"', 'key = "top", label = "Top"', text)
    result = load_text(text)
    assert (result.outcome, result.changes) == (
        "changed",
        ("facets: changed", "derived: changed"),
    )
    assert result.call.facets == [
        {"question": "roles", "label": "part"},
        {"question": "size", "label": "size", "short_labels": {"small": "few"}},
    ]
    assert result.call.derived == [
        {
            "key": "half",
            "question": "size",
            "label": "In halves",
            "meaning": "The upper or the lower half.",
            "bands": [
                {"key": "top", "label": "Top", "options": ["large"]},
                {
                    "key": "lower",
                    "label": "Lower half",
                    "options": ["small", "none"],
                    "note": "or nothing",
                },
            ],
        }
    ]
    assert load_text(text).outcome == "unchanged"


def test_order_of_sections_questions_and_roles_can_change():
    load_text()
    head, about, evidence = re.split(r"(?=\[\[sections\]\])", TEXT)
    evidence = evidence.replace('show_if = "roles contains provider"\n', "")
    about = changed('required_if = "roles contains other"', "", about)
    about = re.sub(r"(?s)(\[\[sections\.questions\]\].*?)(\[\[sec.*)", r"\1\2", about)
    result = load_text(head + evidence + about)
    assert [section.key for section in result.call.sections.all()] == ["evidence", "about_you"]
    assert "sections: order" in result.changes
    assert result.call.questions_in_order[0].key == "history"


def test_logo_must_be_there():
    assert refusal(changed('help = "Ask us."', 'logo = "logos/none.svg"')) == [
        "small.toml: call.logo: there is no file static/logos/none.svg"
    ]


def test_statements_of_a_call_are_loaded_and_taken_back():
    statements = (
        '\nprivacy_text = "Ours."\naccessibility_text = "More."'
        '\ncookies_text = "None."\nwithdrawal_text = "Ring."'
    )
    load_text(changed('help = "Ask us."', f'help = "Ask us."{statements}'))
    call = Call.objects.get()
    assert (call.privacy_text, call.accessibility_text) == ("Ours.", "More.")
    assert (call.cookies_text, call.withdrawal_text) == ("None.", "Ring.")
    load_text()
    call.refresh_from_db()
    assert (call.privacy_text, call.accessibility_text, call.withdrawal_text) == ("", "", "")
    assert call.cookies_text == ""


def test_language_of_a_call_must_have_a_catalogue(settings):
    in_welsh = changed('help = "Ask us."', 'help = "Ask us."\nlanguage = "cy"')
    speak_one_language(settings)
    assert refusal(in_welsh) == [
        "small.toml: call.language: “cy” has no catalogue in this portal, "
        "which has en-gb (British English). Write one of these, or leave the line out for the "
        "portal’s own; docs/guides/translating.md says how to make a catalogue"
    ]
    settings.LANGUAGES = [("en-gb", "British English"), ("cy", "Cymraeg")]
    load_text(in_welsh)
    assert Call.objects.get().language == "cy"


def test_grace_period_cannot_shut_out_what_was_received_in_it():
    grace = changed('help = "Ask us."', 'help = "Ask us."\ngrace_minutes = 30')
    call = load_text(grace).call
    draft = make_draft(call, **complete_answers(call))
    submitting.submit(submission=draft, at=call.closes_at + timedelta(minutes=20))
    shorter = grace.replace("grace_minutes = 30", "grace_minutes = 20")
    assert refusal(shorter, reset_times=True) == [
        "small.toml: call.grace_minutes: 1 response came in when that period would have ended"
    ]
    earlier = grace.replace("closes = 2019-07-24T12:00:00", "closes = 2019-07-24T11:49:00")
    assert earlier != grace
    assert refusal(earlier, reset_times=True) == [
        "small.toml: call.grace_minutes: 1 response came in when that period would have ended"
    ]
    enough = grace.replace("grace_minutes = 30", "grace_minutes = 21")
    assert load_text(enough, reset_times=True).outcome == "changed"
