import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from accounts import groups
from accounts.models import AuditEvent
from accounts.states import AuditAction
from submissions.calls.models import Call, Question
from submissions.calls.models.loaded import LoadedWording
from submissions.definitions.errors import DefinitionRefused
from submissions.definitions.loading import load, parse
from submissions.definitions.wording import (
    OF_A_CALL,
    OF_A_QUESTION,
    OF_A_ROLE,
    OF_A_SECTION,
    words_of,
)
from submissions.responses.working_copy import working_answers
from tests.forms import form_of
from tests.makers import (
    OPENS_AT,
    SMALL,
    complete_answers,
    make_attachment,
    make_draft,
    make_submitted,
    make_user,
)

pytestmark = pytest.mark.django_db

TEXT = SMALL.read_text(encoding="utf-8")
ABOUT = "small.toml: sections.about_you"
EVIDENCE = "small.toml: sections.evidence"


def load_text(text=TEXT, **options):
    return load(parse(text, source="small.toml"), by=None, at=OPENS_AT, **options)


def changed(old, new, text=TEXT):
    assert old in text
    return text.replace(old, new, 1)


def without_question(key, text=TEXT):
    block = re.compile(rf'\[\[sections\.questions\]\]\nkey = "{key}"\n(?:(?!\[\[)[^\n]*\n)*')
    return changed(block.search(text)[0], "", text)


def refusal(text, **options):
    with pytest.raises(DefinitionRefused) as refused:
        load_text(text, **options)
    return refused.value.problems


def snapshot():
    return (
        list(Call.objects.values()),
        list(Question.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )


def answered(**answers):
    call = load_text().call
    return make_submitted(call, **complete_answers(call, **{"roles": ["provider"]} | answers))


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


def test_facets_and_bands_can_change_after_responses():
    answered()
    text = changed('label = "NHS size"', 'label = "size"')
    text = changed('key = "upper", label = "Upper half"', 'key = "top", label = "Top"', text)
    result = load_text(text)
    assert (result.outcome, result.changes) == (
        "changed",
        ("facets: changed", "derived: changed"),
    )
    assert result.call.facets == [
        {"question": "roles", "label": "part"},
        {"question": "size", "label": "size"},
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


def test_question_moves_to_another_section_with_its_answers():
    draft = make_draft(load_text().call, number="123456")
    block = '[[sections.questions]]\nkey = "number"\nkind = "short"\nlabel = "Charity number"\n'
    block += 'warn_unless = "[0-9]{6,7}"\nwarning = "That looks odd"\n'
    text = changed(block, "") + "\n" + block
    assert refusal(text) == [
        f"{ABOUT}.number: 1 response answered it as it was (section would change): load with "
        "--reword if it still asks the same"
    ]
    call = load_text(text, reword=True).call
    assert call.questions_by_key["number"].section.key == "evidence"
    assert working_answers(draft, call) == {"number": "123456"}


@pytest.mark.parametrize("reword", [False, True])
def test_question_with_answers_cannot_be_removed(reword):
    answered(story="What happened")
    make_draft(Call.objects.get(), story="More")
    before = snapshot()
    assert refusal(without_question("story"), reword=reword) == [
        f"{EVIDENCE}.story: cannot be removed: 2 responses answered it"
    ]
    assert snapshot() == before


def test_question_about_identity_with_answers_cannot_be_removed():
    answered(email="a@example.org")
    assert refusal(without_question("email")) == [
        f"{ABOUT}.email: cannot be removed: 1 response answered it"
    ]


def test_question_with_files_cannot_be_removed():
    make_attachment(make_draft(load_text().call), name="a.pdf")
    assert refusal(without_question("documents")) == [
        f"{EVIDENCE}.documents: cannot be removed: 1 response answered it"
    ]


def test_question_answered_in_a_version_only_cannot_be_removed():
    answered(story="What happened").answers.all().delete()
    assert refusal(without_question("story")) == [
        f"{EVIDENCE}.story: cannot be removed: 1 response answered it"
    ]


def test_section_with_answers_cannot_be_removed():
    answered(story="What happened")
    text = TEXT[: TEXT.rindex("[[sections]]")]
    text = text.replace("[call]", '[call]\npublication = "never"', 1)
    problems = refusal(text)
    assert f"{EVIDENCE}.story: cannot be removed: 1 response answered it" in problems
    assert f"{EVIDENCE}.publication: cannot be removed: 1 response answered it" in problems


def test_kind_of_a_question_with_answers_cannot_change():
    answered(number="123456")
    text = changed(
        'kind = "short"\nlabel = "Charity number"\nwarn_unless = "[0-9]{6,7}"\n'
        'warning = "That looks odd"',
        'kind = "long"\nlabel = "Charity number"',
    )
    assert refusal(text, reword=True) == [
        f"{ABOUT}.number.kind: cannot change: 1 response answered it"
    ]


def test_evidence_with_answers_cannot_become_identity():
    answered(number="123456")
    text = changed('label = "Charity number"', 'label = "Charity number"\nidentity = true')
    assert refusal(text, reword=True) == [
        f"{ABOUT}.number.identity: cannot change: 1 response answered it"
    ]


@pytest.mark.parametrize(
    ("answers", "old", "new", "path"),
    [
        (
            {"publication": "named"},
            '{ key = "named", label = "Yes, with a name" }',
            '{ key = "anonymous", label = "Yes, without names" }',
            f"{EVIDENCE}.publication.options.named",
        ),
        (
            {"history": ["bid"]},
            '{ key = "bid", label = "Bid" }',
            '{ key = "led", label = "Led" }',
            f"{EVIDENCE}.history.options.bid",
        ),
        (
            {"fairness": {"risk": "good"}},
            '{ key = "risk", label = "Risk" }',
            '{ key = "time", label = "Time" }',
            f"{EVIDENCE}.fairness.rows.risk",
        ),
        (
            {"fairness": {"risk": "good"}},
            '{ key = "good", label = "Good" }',
            '{ key = "fine", label = "Fine" }',
            f"{EVIDENCE}.fairness.options.good",
        ),
        (
            {"roles": ["provider"]},
            'key = "provider"',
            'key = "supplier"',
            f"{ABOUT}.roles.options.provider",
        ),
    ],
)
def test_option_or_row_that_was_chosen_cannot_be_removed(answers, old, new, path):
    answered(**answers)
    text = changed(old, new)
    for condition in ('show_if = "history contains bid"', 'show_if = "roles contains provider"'):
        text = text.replace(condition, "")
    assert f"{path}: cannot be removed: 1 response chose it" in refusal(text, reword=True)


def test_option_that_nobody_chose_can_be_removed():
    answered(history=["bid"])
    text = changed(
        '{ key = "none", label = "None", exclusive = true }', '{ key = "x", label = "X" }'
    )
    assert load_text(text, reword=True).changes == ("sections.evidence.history: options",)


def test_words_of_a_question_with_answers_change_only_on_request():
    answered(story="What happened")
    text = changed('label = "What happened?"', 'label = "What took place?"')
    assert refusal(text) == [
        f"{EVIDENCE}.story: 1 response answered it as it was (label would change): load with "
        "--reword if it still asks the same"
    ]
    assert load_text(text, reword=True).changes == ("sections.evidence.story: label",)
    assert AuditEvent.objects.first().detail["changes"] == ["sections.evidence.story: label"]


def test_words_of_a_section_with_answers_change_only_on_request():
    answered()
    text = changed('title = "Evidence"', 'title = "Your evidence"')
    assert refusal(text) == [
        f"{EVIDENCE}: 1 response answered questions in it as it was (title would change): load "
        "with --reword if it asks the same"
    ]
    assert load_text(text, reword=True).changes == ("sections.evidence: title",)


def test_words_of_a_question_without_answers_can_change():
    answered(history=[])
    text = changed('label = "Charity number"', 'label = "Registered number"')
    assert load_text(text).changes == ("sections.about_you.number: label",)


def test_optional_question_can_be_added_after_responses():
    answered()
    added = '\n[[sections.questions]]\nkey = "more"\nkind = "long"\nlabel = "More?"\n'
    result = load_text(TEXT + added)
    assert result.changes == ("sections.evidence.more: added",)
    assert result.call.questions_in_order[-1].key == "more"


def test_required_question_is_added_after_responses_only_on_request():
    answered()
    added = '\n[[sections.questions]]\nkey = "more"\nkind = "long"\nlabel = "?"\nrequired = true\n'
    assert refusal(TEXT + added) == [
        f"{EVIDENCE}.more.required: is new and required, after 1 response came in: make it "
        "optional, or load with --reword"
    ]
    assert load_text(TEXT + added, reword=True).outcome == "changed"


def test_prefix_of_references_that_were_given_cannot_change():
    load_text()
    assert load_text(changed('"SML"', '"SMA"')).changes == ("call.reference_prefix: changed",)
    make_submitted(Call.objects.get())
    assert refusal(TEXT) == [
        "small.toml: call.reference_prefix: references that begin with SMA have been given"
    ]


def test_logo_must_be_there():
    assert refusal(changed('help = "Ask us."', 'logo = "logos/none.svg"')) == [
        "small.toml: call.logo: there is no file static/logos/none.svg"
    ]


def test_answers_to_another_call_do_not_matter():
    answered(story="What happened")
    other = changed('slug = "small"', 'slug = "other"')
    load_text(other)
    assert load_text(without_question("story", other)).outcome == "changed"


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
    assert refusal(in_welsh) == [
        "small.toml: call.language: “cy” has no catalogue in this portal, "
        "which has en-gb (British English)"
    ]
    settings.LANGUAGES = [("en-gb", "British English"), ("cy", "Cymraeg")]
    load_text(in_welsh)
    assert Call.objects.get().language == "cy"


def staff_post(client, call, **changes):
    """Save the call's page of the admin as staff, with these changes."""
    groups.ensure_groups()
    client.force_login(make_user("Project staff", is_staff=True))
    address = reverse("admin:submissions_call_change", args=[call.pk])
    assert client.post(address, form_of(client.get(address)) | changes).status_code == 302


ELSEWHERE = ('label = "Charity number"', 'label = "Registered number"')


def test_words_that_staff_changed_are_not_taken_back(client):
    call = load_text().call
    staff_post(client, call, contact_email="new@example.org", summary="Said anew.\nTwice.")
    text = changed(*ELSEWHERE)
    assert refusal(text) == [
        "small.toml: call.summary: the file says “Tell us.”, the portal has “Said anew. Twice.”. "
        "Staff have changed it: change the file, or load with --take-file call.summary",
        "small.toml: call.contact_email: the file says “team@example.org”, the portal has "
        "“new@example.org”. Staff have changed it: change the file, or load with --take-file "
        "call.contact_email",
    ]
    agreed = changed('summary = "Tell us."', 'summary = "Said anew.\\nTwice."', text)
    result = load_text(agreed, take_file=frozenset({"call.contact_email"}))
    assert result.changes == ("call.contact_email: changed", "sections.about_you.number: label")
    stored = Call.objects.values_list("summary", "contact_email").get()
    assert stored == ("Said anew.\nTwice.", "team@example.org")


def test_words_of_each_kind_of_part_are_not_taken_back():
    call = load_text().call
    words = words_of(call)
    for folder, names, rows in (
        ("roles", OF_A_ROLE, call.roles),
        ("sections", OF_A_SECTION, call.sections),
        ("questions", OF_A_QUESTION, call.questions),
    ):
        for row in rows.all():
            for name in names:
                setattr(row, name, f"{folder} by staff")
            row.save()
    for name in OF_A_CALL:
        setattr(call, name, "call by staff")
    call.save()
    named = [line.split(": ")[1] for line in refusal(changed(*ELSEWHERE))]
    assert sorted(named) == sorted(words)
    result = load_text(changed(*ELSEWHERE), take_file=frozenset(words))
    assert words_of(result.call) == words | {"questions.number.label": "Registered number"}


def test_words_that_only_the_file_changed_are_taken(client):
    call = load_text().call
    staff_post(client, call)  # saved as it was: nothing that staff changed
    text = changed('summary = "Tell us."', 'summary = "Tell us more."')
    assert load_text(text).changes == ("call.summary: changed",)


def test_words_of_a_call_that_was_loaded_by_the_first_release_are_known_by_the_record(client):
    call = load_text().call
    staff_post(client, call, contact_phone="01234 567890", **{"sections-0-title": "You"})
    LoadedWording.objects.all().delete()
    text = changed('summary = "Tell us."', 'summary = "Tell us more."')
    assert [line.split(": ")[1] for line in refusal(text)] == [
        "call.contact_phone",
        "sections.about_you.title",
    ]
    assert load_text().outcome == "unchanged"
    assert LoadedWording.objects.get().words == words_of(parse(TEXT, source="small.toml"))


def test_same_file_is_loaded_again_where_its_words_are_wanted(client):
    call = load_text().call
    staff_post(client, call, contact_name="Somebody else")
    assert load_text().outcome == "unchanged"
    result = load_text(take_file=frozenset({"call.contact_name"}))
    assert result.changes == ("call.contact_name: changed",)


def test_words_that_staff_can_change_are_those_that_the_portal_compares(client):
    call = load_text().call
    client.force_login(make_user(is_staff=True, is_superuser=True))
    page = client.get(reverse("admin:submissions_call_change", args=[call.pk]))
    inlines = [formset.formset for formset in page.context["inline_admin_formsets"]]
    own = {"id", "call"}
    assert [set(page.context["adminform"].form.fields)] == [set(OF_A_CALL)]
    assert [set(formset.forms[0].fields) - own for formset in inlines] == [
        set(OF_A_ROLE),
        set(OF_A_SECTION),
        set(OF_A_QUESTION),
    ]
