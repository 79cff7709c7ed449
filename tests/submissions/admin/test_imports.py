"""The pages on which staff enter many responses at once, without a script."""

import re
from copy import deepcopy
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.forms.widgets import ChoiceWidget
from django.test import Client

from accounts.models import AuditEvent, Membership
from accounts.states import Role
from core.outages import StoreAway
from submissions.responses.importing import carrying_out, choices
from submissions.responses.models import ResponseImport, Submission
from tests.forms import form_of
from tests.makers import make_first_call, make_user

pytestmark = pytest.mark.django_db
ADMIN = "/admin/submissions/entry/"
ROWS = "Name,good_practice,Came\nAnn,We share rooms.,post\nBo,We share staff.,pigeon\n"


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_first_call)


@pytest.fixture
def call(rows, db, at):
    made = deepcopy(rows)
    at(made.closes_at + timedelta(days=9))
    return made


def staff(role=Role.REVIEWER):
    client = Client()
    client.force_login(make_user(role))
    return client


def uploaded(client, call, content=ROWS, name="letters.csv"):
    file = SimpleUploadedFile(name, content.encode())
    return client.post(f"{ADMIN}import/{call.pk}/", {"file": file}, follow=True)


def checked(client, call, **overrides):
    """Return the page with the dry run."""
    of = ResponseImport.objects.get()
    came = (call.closes_at - timedelta(days=1)).date().isoformat()
    page = f"{ADMIN}imports/{of.pk}/"
    form = form_of(client.get(page)) | {"day": came, "column_2": "channel", "submits": "on"}
    return client.post(page, form | overrides, follow=True)


def test_table_is_uploaded_looked_at_and_carried_out(call):
    client = staff()
    page = uploaded(client, call)
    said = page.content.decode()
    assert "The table has 2 rows and 3 columns, in UTF-8, with a comma between the cells." in said
    assert form_of(page)["column_0"] == "question:name"
    dry = checked(client, call).content.decode()
    assert "Of 2 rows: 1 would be submitted, 0 come in half entered, 1 stay out" in dry
    assert "<td>row 3</td><td>Came</td><td>“pigeon” is no way to come</td>" in dry
    assert Submission.objects.count() == 0
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    told = client.get(f"{ADMIN}imports/{of.pk}/").content.decode()
    assert "It waits for its turn." in told
    moment = call.closes_at + timedelta(days=9)
    carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    done = client.get(f"{ADMIN}imports/{of.pk}/").content.decode()
    assert "Of 2 rows, 1 came in; of these 1 is submitted" in done
    assert Submission.objects.get().state == "submitted"


def test_options_are_written_as_often_for_many_columns_as_for_two(call, monkeypatch):
    client = staff()
    written = []
    write = ChoiceWidget.create_option

    def create_option(self, *args, **options):
        written.append(self)
        return write(self, *args, **options)

    monkeypatch.setattr(ChoiceWidget, "create_option", create_option)
    page = uploaded(client, call, "Name,Email\nAnn,ann@example.org\n")
    once = len(written)
    again = uploaded(client, call, "Email,Name,Age,Area,x\nbo@example.org,Bo,40,London,y\n")
    assert len(written) == 2 * once
    for shown, chosen in (page, ["name", "email"]), (again, ["email", "name", "age", "area"]):
        form = form_of(shown)
        assert [form[f"column_{n}"] for n in range(len(chosen))] == [
            f"question:{key}" for key in chosen
        ]
    assert form["column_4"] == ""
    selects = re.findall(
        r'<select[^>]*name="column_.*?</select>', again.content.decode(), re.DOTALL
    )
    assert [select.count(" selected>") for select in selects] == [1] * 5


def test_columns_of_a_wide_table_are_what_they_are_called_or_left_out(call, monkeypatch):
    monkeypatch.setattr(choices, "MOST_TO_CHOOSE", 2)
    client = staff()
    page = uploaded(client, call, "Name,x,good_practice,y\nAnn,1,We share rooms.,2\n")
    shown = page.content.decode()
    selects = re.findall(r'<select[^>]*name="column_.*?</select>', shown, re.DOTALL)
    assert [select.count("<option") == 2 for select in selects] == [True, False, True, False]
    assert [form_of(page)[f"column_{n}"] for n in range(4)] == [
        "question:name",
        "",
        "question:good_practice",
        "",
    ]
    dry = checked(client, call, column_1="reference", column_2="", column_3="").content.decode()
    assert "Of 1 row" in dry
    assert ResponseImport.objects.get().choices["columns"] == [
        "question:name",
        "reference",
        "",
        "",
    ]
    refused = uploaded(client, call, "Name,x,y,z\nAnn,1,2,3\n").content.decode()
    assert "More than 2 columns have a name that is no question of the call" in refused


def test_same_file_again_is_told_and_enters_nothing(call):
    client = staff()
    test_file = ROWS.replace("pigeon", "post")
    uploaded(client, call, test_file)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    moment = call.closes_at + timedelta(days=9)
    carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    page = uploaded(client, call, test_file)
    assert (
        "This very file came in already: 2 responses of it were entered." in page.content.decode()
    )
    again = ResponseImport.objects.first()
    told = client.get(f"{ADMIN}imports/{again.pk}/?dry-run=1").content.decode()
    assert told.count("It came in already, as RTR-") == 2
    assert "Enter 2 responses" not in told


def test_file_that_is_no_table_is_refused_beside_the_form(call):
    answer = staff().post(
        f"{ADMIN}import/{call.pk}/", {"file": SimpleUploadedFile("a.csv", b"a\x00b\n1\n")}
    )
    assert answer.status_code == 422
    assert "The file is no text: save it as CSV in UTF-8." in answer.content.decode()
    assert ResponseImport.objects.count() == 0


def test_what_cannot_be_so_for_all_rows_is_refused_beside_it(call):
    client = staff()
    uploaded(client, call)
    day = "Enter a day from 2000 on that has passed."
    for typed, said, often in [
        ({"column_1": "question:name"}, "Two columns cannot be the same.", 2),
        ({"day": "1066-10-14"}, day, 1),
        (
            {"day": "2018-10-28", "time": "01:30"},
            "The clocks change then: choose another time.",
            1,
        ),
    ]:
        answer = checked(client, call, **typed)
        found = answer.status_code, answer.content.decode().count(said)
        assert (typed, found) == (typed, (422, often))


def test_import_of_somebody_who_may_not_enter_any_more_says_that_nothing_came_in(call):
    client, other = staff(), staff(Role.MANAGER)
    uploaded(client, call)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    Membership.objects.filter(person=of.uploaded_by).delete()
    moment = call.closes_at + timedelta(days=9)
    carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    done = other.get(f"{ADMIN}imports/{of.pk}/").content.decode()
    assert "It was not carried out, and nothing came in: the file could not be read any" in done


def test_upload_opens_for_whom_it_may_and_is_deleted_before_anything_is_entered(call):
    client = staff()
    uploaded(client, call)
    of = ResponseImport.objects.get()
    page = f"{ADMIN}imports/{of.pk}/"
    said = "that you look at it is on record, with your name and the time."
    answers = [one.get(page) for one in (client, staff(), staff(Role.MANAGER))]
    assert [(one.status_code, said in one.content.decode()) for one in answers] == [
        (200, False),
        (302, False),
        (200, True),
    ]
    seen = AuditEvent.objects.get(action="import_opened")
    assert (seen.actor, seen.detail) == (
        answers[2].wsgi_request.user,
        {"upload": str(of.public_id)},
    )
    client.post(f"{page}discard/")
    assert (ResponseImport.objects.count(), Submission.objects.count()) == (0, 0)
    for rest in ("discard/", "carry-out/", ""):
        again = client.post(f"{page}{rest}", follow=True)
        assert "This file is deleted already." in again.content.decode()


def test_what_is_chosen_while_a_colleague_has_it_carried_out_is_told(call):
    client = staff()
    uploaded(client, call)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    form = form_of(client.get(f"{ADMIN}imports/{of.pk}/"))
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    staff(Role.MANAGER).post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    told = client.post(f"{ADMIN}imports/{of.pk}/", form, follow=True)
    assert told.status_code == 200
    assert "Somebody had this file carried out already." in told.content.decode()


def test_row_that_fails_is_named(call, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError

    client = staff()
    uploaded(client, call)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    monkeypatch.setattr(carrying_out, "begin_entry", fails)
    moment = call.closes_at + timedelta(days=9)
    carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    done = client.get(f"{ADMIN}imports/{of.pk}/").content.decode()
    assert "Row 2 failed, though nothing was found wrong with it." in done
    listed = client.get(f"{ADMIN}import/{call.pk}/").content.decode()
    assert "<td>Carried out, but not all of it</td>" in listed


def test_import_that_a_fault_stops_says_so_and_its_file_comes_in_later(call, monkeypatch):
    def fails(*args, **options):
        raise RuntimeError

    client = staff()
    moment = call.closes_at + timedelta(days=9)
    uploaded(client, call)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    with monkeypatch.context() as broken:
        broken.setattr(carrying_out.uploads, "plans_of", fails)
        carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    said = client.get(f"{ADMIN}imports/{of.pk}/").content.decode()
    assert "A fault of the portal stopped it after 0 rows, of which 0 came in." in said
    listed = client.get(f"{ADMIN}import/{call.pk}/").content.decode()
    assert "<td>Stopped before its end</td>" in listed
    of.refresh_from_db()
    uploaded(client, call)
    again = ResponseImport.objects.get(state="checking")
    ResponseImport.objects.filter(pk=again.pk).update(choices=of.choices)
    client.post(f"{ADMIN}imports/{again.pk}/carry-out/", {"choices": seen})
    carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    done = client.get(f"{ADMIN}imports/{again.pk}/").content.decode()
    assert "Of 2 rows, 1 came in; of these 1 is submitted" in done


def test_import_that_meets_an_outage_is_gone_on_with(call, monkeypatch):
    def away(*args, **options):
        raise StoreAway("it does not answer", "files.example.org")

    client = staff()
    moment = call.closes_at + timedelta(days=9)
    uploaded(client, call)
    dry = checked(client, call).content.decode()
    of = ResponseImport.objects.get()
    seen = dry.split('name="choices" value="')[1].split('"')[0]
    client.post(f"{ADMIN}imports/{of.pk}/carry-out/", {"choices": seen})
    monkeypatch.setattr(carrying_out.uploads, "content_of", away)
    with pytest.raises(StoreAway):
        carrying_out.carry_out_next(now=lambda: moment, wall_now=lambda: moment)
    assert ResponseImport.objects.get().state == "running"
