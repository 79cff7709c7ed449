"""Loading a definition never overwrites words that staff changed, unless it is told to."""

import pytest
from django.urls import reverse

from submissions.calls.models import Call
from submissions.calls.models.loaded import LoadedWording
from submissions.definitions.loading import parse
from submissions.definitions.wording import (
    OF_A_CALL,
    OF_A_QUESTION,
    OF_A_ROLE,
    OF_A_SECTION,
    words_of,
)
from tests.forms import form_of
from tests.makers import make_user
from tests.submissions.definitions.small_call import TEXT, changed, load_text, refusal

pytestmark = pytest.mark.django_db


def staff_post(client, call, **changes):
    """Save the call's page of the admin as staff, with these changes."""
    client.force_login(make_user("manager", is_staff=True))
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
