"""Many responses from a table or a folder: a dry run stores nothing, none comes in twice."""

import errno
import io
import zipfile
from copy import deepcopy
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent, User
from accounts.states import AuditAction, Role
from personal_data.erasing import erase_from_database
from submissions.calls.models import Call, Question
from submissions.responses import erasing
from submissions.responses.errors import ImportRefused
from submissions.responses.etags import etag
from submissions.responses.importing import carrying_out, uploads
from submissions.responses.importing.choices import first_choices
from submissions.responses.models import Entry, ImportedRow, ResponseImport, Submission
from submissions.responses.states import ErasureScope
from tests.makers import make_call, make_first_call, make_user
from tests.sample_files import picture
from tests.submissions.responses.imports import (
    COLUMNS,
    HEADING,
    ROW,
    SECOND,
    WEEKS_LATER,
    carried_out,
    folder,
    go_on,
    looked_at,
    said,
    uploaded,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(lambda: (make_first_call(), make_user(Role.REVIEWER)))


@pytest.fixture
def made(rows, db):
    return deepcopy(rows)


@pytest.fixture
def call(made):
    return made[0]


@pytest.fixture
def staff(made):
    return made[1]


def test_dry_run_stores_nothing_and_import_submits_each_row(call, staff):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    run = looked_at(of)
    assert (run.rows, run.submitted, run.half_entered, run.out) == (2, 2, 0, 0)
    assert Submission.objects.count() == 0
    assert carried_out(of) == ("done", 2, 2, 2)
    first, second = Submission.objects.order_by("pk")
    assert (first.channel, second.channel) == ("post", "email")
    assert first.current_version.texts == {"good_practice": "We share rooms."}
    assert first.current_version.choices == {"publication": "anonymous"}
    assert second.current_version.choices == {}
    assert first.entry.their_reference == "L1"
    assert str(second.entry.received_at) == "2019-07-23 08:30:00+00:00"
    assert first.current_version.entered_by == staff
    actions = AuditEvent.objects.filter(detail__has_key="upload").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        AuditAction.IMPORT_UPLOADED,
        AuditAction.IMPORT_ASKED,
        AuditAction.IMPORT_DONE,
    ]


def test_file_is_deleted_once_it_is_carried_out(call, staff):
    of = uploaded(call, staff, HEADING + ROW)
    storage, name = of.file.storage, of.file.name
    assert storage.exists(name)
    looked_at(of)
    carried_out(of)
    assert (of.file.name, storage.exists(name)) == ("", False)


def test_each_fault_is_one_line_and_its_row_stays_out(call, staff):
    of = uploaded(
        call,
        staff,
        HEADING
        + "1,31/02/2019,pigeon,,Text,Perhaps\n"
        + "2,22/07/2019,post,,,anonymous\n"
        + "3,2031-01-01,post,,Text,\n"
        + "4,25/07/2019,post,,Text,\n"
        + "5,22/07/2019,post,,Text,,,one more\n",
    )
    run = looked_at(of)
    assert said(run) == [
        (2, "Date received", "“31/02/2019” is no day that can be read"),
        (2, "How it came", "“pigeon” is no way to come"),
        (2, "publication", "“Perhaps” is none of its answers"),
        (4, "", "It would have come at a moment that is still to come"),
        (6, "", "The row has more cells than the heading"),
        (
            3,
            "What effect has competition between voluntary organisations had?",
            "Give at least one answer in your own words, or add at least one file",
        ),
        (5, "", "It came after the call closed"),
    ]
    assert (run.submitted, run.half_entered, run.out) == (0, 2, 3)
    assert carried_out(of) == ("done", 5, 2, 0)


def test_same_rows_come_in_once_whatever_file_they_are_in(call, staff, settings):
    of = uploaded(call, staff, HEADING + ROW)
    looked_at(of)
    carried_out(of)
    again = uploaded(call, staff, HEADING + ROW)
    assert uploads.earlier_of(again) == of
    another = make_call()
    same = User.objects.get(pk=staff.pk)
    assert uploaded(another, same, HEADING + ROW).call == another
    assert (looked_at(again).known, said(looked_at(again))[0][2][:19]) == (1, "It came in already,")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    grown = uploaded(call, staff, HEADING + SECOND + ROW)
    assert (looked_at(grown).known, looked_at(grown).submitted) == (1, 1)
    assert carried_out(grown) == ("done", 2, 1, 1)
    assert Submission.objects.count() == 2
    mended = SECOND.replace("staff", "a van")
    run = looked_at(uploaded(call, staff, HEADING + ROW + mended + ROW.replace("22/", "32/")))
    first, second = (entry.submission for entry in Entry.objects.order_by("begun_at", "pk"))
    assert [(line.label, line.fault.wrong, line.then) for line in run.lines] == [
        ("row 4", "“32/07/2019” is no day that can be read", "stays out"),
        ("row 3", f"A response with the reference “L2” is here, as {second}", "comes in"),
        ("row 2", f"It came in already, as {first}", "came in already"),
    ]
    assert (run.submitted, run.out, run.known) == (1, 1, 1)


def test_rows_that_say_the_same_in_one_file_all_come_in(call, staff):
    same = ",22/07/2019,email,,I agree with the campaign.,\n"
    of = uploaded(call, staff, HEADING + same * 3)
    looked_at(of)
    assert carried_out(of) == ("done", 3, 3, 3)


def die_at_the_second_row(monkeypatch):
    save_answers = carrying_out.save_answers

    def save(**given):
        if Entry.objects.count() == 2:
            raise KeyboardInterrupt
        return save_answers(**given)

    monkeypatch.setattr(carrying_out, "save_answers", save)


def test_worker_that_stops_half_way_loses_nothing_and_another_goes_on(call, staff, monkeypatch):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    looked_at(of)
    uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)
    die_at_the_second_row(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        go_on(of)
    of.refresh_from_db()
    assert (of.state, of.rows_done, Submission.objects.count()) == ("running", 1, 1)
    monkeypatch.undo()
    assert uploads.release_stuck(wall_now=WEEKS_LATER + uploads.CLAIM_LASTS) == 1
    assert go_on(of) == ("done", 2, 2, 2)
    assert Submission.objects.count() == 2


def test_worker_that_goes_on_keeps_its_claim_while_it_reads_what_was_done(call, staff, monkeypatch):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    looked_at(of)
    uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)
    ResponseImport.objects.filter(pk=of.pk).update(rows_done=2)
    plans_of, now = uploads.plans_of, [WEEKS_LATER]
    released = []

    def read_slowly(*given):
        for plan in plans_of(*given):
            now[0] += uploads.CLAIM_LASTS - timedelta(seconds=1)
            released.append(uploads.release_stuck(wall_now=now[0]))
            yield plan

    monkeypatch.setattr(uploads, "plans_of", read_slowly)
    carrying_out.carry_out_next(now=lambda: WEEKS_LATER, wall_now=lambda: now[0])
    of.refresh_from_db()
    assert (released, of.state) == ([0, 0], "done")


def test_row_at_which_each_worker_dies_ends_the_import(call, staff, monkeypatch):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    looked_at(of)
    uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)
    die_at_the_second_row(monkeypatch)
    later = WEEKS_LATER + uploads.CLAIM_LASTS
    # The first worker enters the first row, and attempts count anew after a row.
    for _worker in range(carrying_out.MOST_ATTEMPTS + 1):
        with pytest.raises(KeyboardInterrupt):
            go_on(of)
        assert uploads.release_stuck(wall_now=later) == 1
    assert go_on(of) == ("done", 1, 1, 1)
    assert uploads.what_went_wrong([of])[of]["stopped"] == uploads.FAULT


def test_imports_are_carried_out_one_at_a_time(call, staff):
    first, second = uploaded(call, staff, HEADING + ROW), uploaded(call, staff, HEADING + SECOND)
    for of in (first, second):
        looked_at(of)
        uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)
    assert uploads.claim_next(wall_now=WEEKS_LATER) == first
    assert uploads.claim_next(wall_now=WEEKS_LATER) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        ResponseImport.objects.filter(pk=second.pk).update(state="running")
    assert uploads.finish(ResponseImport.objects.get(pk=first.pk), at=WEEKS_LATER)
    assert uploads.claim_next(wall_now=WEEKS_LATER) == second


def test_row_at_which_something_goes_wrong_stays_out_alone(call, staff, monkeypatch):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    looked_at(of)
    save_answers = carrying_out.save_answers

    def fail_once(**given):
        monkeypatch.undo()
        save_answers(**given)
        raise RuntimeError

    monkeypatch.setattr(carrying_out, "save_answers", fail_once)
    assert carried_out(of) == ("done", 2, 1, 1)
    assert ImportedRow.objects.get().number == 3


def test_what_was_not_seen_is_not_carried_out_nor_twice(call, staff):
    of = uploaded(call, staff, HEADING + ROW)
    looked_at(of)
    seen = etag(of.choices)
    looked_at(of, submits=False)
    with pytest.raises(ImportRefused):
        uploads.carry_out(of, seen=seen, by=staff, at=WEEKS_LATER)
    carried_out(of)
    with pytest.raises(ImportRefused):
        uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)


def test_coder_uploads_nothing(call):
    with pytest.raises(ImportRefused):
        uploaded(call, make_user(Role.CODER), HEADING + ROW)
    assert ResponseImport.objects.count() == 0


def test_upload_that_nobody_carries_out_is_discarded_after_a_week(call, staff):
    of = uploaded(call, staff, HEADING + ROW)
    storage, name = of.file.storage, of.file.name
    assert uploads.clear(at=WEEKS_LATER + uploads.KEPT - timedelta(seconds=1)) == 0
    assert uploads.clear(at=WEEKS_LATER + uploads.KEPT) == 1
    assert ResponseImport.objects.count() == 0
    assert not storage.exists(name)


def test_files_of_a_folder_become_originals_with_the_text_beside(call, staff, settings):
    content = folder(
        {
            "letters/1.txt": "Our first.",
            "letters/2.txt": "",
            "__MACOSX/1.txt": "x",
            "letters/x": "?",
        }
    )
    of = uploaded(call, staff, content, "letters.zip")
    run = looked_at(of, day="2019-07-22", text_question="good_practice", columns=())
    assert said(run) == [
        (2, "2.txt", "The file has no text"),
        (
            3,
            "x",
            "“x” was not added: the file must be one of PDF, DOCX, ODT, TXT, XLSX, CSV, JPG, "
            "PNG, HEIC",
        ),
    ]
    assert carried_out(of) == ("done", 3, 1, 1)
    assert Submission.objects.get().current_version.texts == {"good_practice": "Our first."}
    assert Entry.objects.get().their_reference == "1.txt"
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    again = uploaded(call, staff, content, "letters.zip")
    run = looked_at(again, day="2019-07-22", text_question="good_practice", columns=())
    assert run.known == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_text_of_a_folder_is_read_whatever_program_wrote_it(call, staff, encoding):
    of = uploaded(call, staff, folder(a_txt="Our räume.".encode(encoding)), "letters.zip")
    run = looked_at(of, day="2019-07-22", text_question="good_practice", columns=())
    assert said(run) == []
    assert carried_out(of) == ("done", 1, 1, 1)
    assert Submission.objects.get().current_version.texts == {"good_practice": "Our räume."}


def test_what_is_no_text_does_not_come_in_as_one(call, staff):
    picture = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
    rich, mark_alone = b"{\\rtf1 Our rooms.}", b"\xef\xbb\xbf\n"
    content = folder(a_txt=picture, b_txt=rich, c_txt=mark_alone)
    of = uploaded(call, staff, content, "letters.zip")
    run = looked_at(of, day="2019-07-22", text_question="good_practice", columns=())
    assert said(run) == [
        (1, "a.txt", "It cannot be read as text"),
        (2, "b.txt", "It cannot be read as text"),
        (3, "c.txt", "The file has no text"),
    ]
    assert carried_out(of) == ("done", 3, 0, 0)


def test_files_of_a_folder_are_kept_beside_half_entered_responses(call, staff):
    content = folder(a_txt="One.", b_txt="Two.")
    of = uploaded(call, staff, content, "letters.zip")
    run = looked_at(of, day="2019-07-22", columns=())
    assert (run.half_entered, run.out) == (2, 0)
    assert carried_out(of) == ("done", 2, 2, 0)
    for response in Submission.objects.all():
        (original,) = response.attachments.all()
        assert (response.is_draft, original.question) == (True, None)
    again = uploaded(call, staff, content, "letters.zip")
    assert looked_at(again, day="2019-07-22", columns=()).known == 2


@pytest.mark.parametrize("scope", [ErasureScope.IDENTITY, ErasureScope.RESPONSE])
def test_number_and_row_of_an_import_are_erased_with_who_answered(call, staff, scope):
    of = uploaded(call, staff, HEADING + ROW)
    looked_at(of)
    carried_out(of)
    request = erasing.ask(submission=Submission.objects.get(), scope=scope, at=WEEKS_LATER)
    erasing.approve(request, by=make_user(Role.DATA_PROTECTION), at=WEEKS_LATER)
    erase_from_database(request, at=WEEKS_LATER)
    assert (Entry.objects.get().their_reference, ImportedRow.objects.count()) == ("", 0)


def test_column_of_a_question_that_the_call_has_no_longer_is_left_out(call, staff):
    of = uploaded(call, staff, "a,b\nText,Red\n")
    columns = ("question:good_practice", "question:colour")
    assert looked_at(of, day="2019-07-22", columns=columns, consent="sometimes").submitted == 1


def test_answer_to_a_question_that_is_not_asked_is_noted(call, staff):
    of = uploaded(call, staff, "a,b\nText,A charity\n")
    run = looked_at(of, day="2019-07-22", columns=("question:good_practice", "question:org_name"))
    label = call.questions_by_key["org_name"].label
    assert [(line.fault.column, line.then) for line in run.lines] == [
        (label, "comes in half entered")
    ]
    assert carried_out(of) == ("done", 1, 1, 0)


def test_what_holds_for_all_rows_leaves_what_a_row_says_of_publication(call, staff):
    of = uploaded(call, staff, HEADING + ROW + SECOND)
    looked_at(of, consent="named")
    carried_out(of)
    chosen = [one.current_version.choices["publication"] for one in Submission.objects.all()]
    assert sorted(chosen) == ["anonymous", "named"]


def test_damaged_file_of_a_folder_stays_out_and_the_others_come_in(call, staff):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", "We share rooms.")
        archive.writestr("b.txt", "We share staff.")
    of = uploaded(call, staff, out.getvalue().replace(b"staff", b"stuff", 1), "letters.zip")
    run = looked_at(of, columns=(), day="2019-07-22")
    assert said(run)[0] == (2, "b.txt", "The file is damaged in the ZIP")
    assert (run.half_entered, run.out) == (1, 1)
    assert carried_out(of) == ("done", 2, 1, 0)


@pytest.mark.parametrize(
    "came",
    ["9999-12-31T23:30:00-05:00", "0001-01-01T00:00:00+05:00", "14/10/1066", "1999-12-31 12:00"],
)
def test_day_on_which_nothing_can_have_come_is_a_fault(call, staff, came):
    of = uploaded(call, staff, HEADING + ROW.replace("22/07/2019", came))
    assert said(looked_at(of)) == [
        (2, "Date received", f"“{came}” is no day on which it can have come")
    ]


def test_time_in_a_column_of_its_own_goes_with_the_day(call, staff):
    heading = ["Ref", "Time", "Date received", "good_practice"]
    of = uploaded(
        call,
        staff,
        ",".join(heading)
        + "\nA,14:30,22/07/2019,One"
        + "\nB,2.30 p.m.,2019-07-22 00:00:00,Two"
        + "\nC,,22/07/2019,Three"
        + "\nD,09:00,,Four"
        + "\nE,9.00a.m.,22/07/2019 09:00,Five"
        + "\nF,15:00,22/07/2019 09:00,Six"
        + "\nG,soon,22/07/2019,Seven"
        + "\nH,0.25,22/07/2019,Eight\n",  # six o'clock, as a spreadsheet counts
    )
    columns = ("reference", "time", "received", "question:good_practice")
    assert first_choices(call, heading).columns == columns
    assert first_choices(call, heading[:2]).columns == ("reference", "")
    run = looked_at(of, columns=columns, day="2019-07-19", time="08:00")
    assert said(run) == [
        (
            7,
            "Date received",
            "“22/07/2019 09:00” has a time, and the column with the time has another",
        ),
        (8, "Time", "“soon” is no time that can be read"),
        (9, "Time", "“0.25” is no time that can be read"),
    ]
    assert carried_out(of) == ("done", 8, 5, 5)
    received = Entry.objects.order_by("their_reference").values_list("received_at", flat=True)
    assert [f"{one:%d %H:%M}" for one in received] == [  # in UTC, an hour before the UK
        "22 13:30",
        "22 13:30",
        "22 07:00",
        "19 08:00",
        "22 08:00",
    ]


@pytest.mark.parametrize(
    ("came", "how_often", "remedy"),
    [
        ("28/10/2018 01:30", "twice", "Enter it with its offset, such as 2018-10-28 01:30+00:00"),
        ("2018-10-28 01:30", "twice", "Enter it with its offset, such as 2018-10-28 01:30+00:00"),
        ("2019-03-31 01:30", "never", "Enter another time"),
    ],
)
def test_time_at_which_the_clocks_change_is_a_fault(call, staff, came, how_often, remedy):
    of = uploaded(call, staff, HEADING + ROW.replace("22/07/2019", came))
    (line,) = looked_at(of).lines
    assert line.fault.wrong == f"“{came}” comes {how_often}: the clocks change then"
    assert line.fault.remedy == remedy


@pytest.mark.parametrize(
    ("came", "wrong"),
    [
        ("01/05/2019", "It came before the call opened"),
        ("25/07/2019", "It came after the call closed"),
    ],
)
def test_row_outside_the_time_of_the_call_says_on_which_side(call, staff, came, wrong):
    of = uploaded(call, staff, HEADING + ROW.replace("22/07/2019", came))
    assert said(looked_at(of)) == [(2, "", wrong)]


def test_row_without_the_address_that_its_reference_would_go_to_is_noted(call, staff):
    heading = HEADING.replace("Colour", "Email")
    of = uploaded(call, staff, heading + ROW + SECOND.replace(",,We", ",ann@example.org,We"))
    columns = [target or "question:email" for target in COLUMNS]
    run = looked_at(of, columns=columns, acknowledgement="mail")
    assert said(run) == [
        (2, "", "It has no email address, so nobody can be told the reference by email")
    ]
    assert (run.submitted, run.half_entered) == (1, 1)
    assert carried_out(of) == ("done", 2, 2, 1)


def test_file_under_a_question_that_is_not_asked_is_noted(call, staff):
    Question.objects.filter(call=call, key="files").update(show_if="capacity = on_behalf_of_org")
    call = Call.objects.get()
    of = uploaded(call, staff, folder(letter_txt="We share rooms."), "letters.zip")
    options = {"columns": (), "day": "2019-07-22", "file_question": "files"}
    run = looked_at(of, **options)
    label = call.questions_by_key["files"].label
    assert (run.submitted, run.half_entered) == (0, 1)
    assert (label, "comes in half entered") in [(one.fault.column, one.then) for one in run.lines]


def test_files_that_a_question_would_not_take_together_stay_out(call, staff):
    same = picture()
    files = {"a.csv": "x,y\n1,2\n", "a.jpg": picture(size=(20, 20))}
    Question.objects.filter(call=call, key="files").update(max_files=1, file_types=["csv", "jpg"])
    call = Call.objects.get()
    of = uploaded(call, staff, folder({**files, "b.jpg": same, "b.jpeg": same}), "letters.zip")
    options = {"columns": (), "day": "2019-07-22", "file_question": "files"}
    apart = looked_at(of, **options)
    assert (apart.rows, apart.out) == (4, 0)
    run = looked_at(of, **options, text_question="good_practice")
    assert said(run) == [
        (1, "", "It has 2 files, and 1 can be added"),
        (2, "", "It has 2 files, and 1 can be added"),
        (2, "b.jpg", "It is the same file as “b.jpeg”"),
    ]
    assert (run.submitted, run.out) == (0, 2)


@pytest.mark.parametrize("full", ["reserve", "disk"])
def test_row_waits_while_the_disk_is_full(call, staff, monkeypatch, full):
    of = uploaded(call, staff, folder(letter_txt="We share rooms."), "letters.zip")
    looked_at(of, columns=(), day="2019-07-22", file_question="files")
    uploads.carry_out(of, seen=etag(of.choices), by=staff, at=WEEKS_LATER)
    with monkeypatch.context() as patched:
        if full == "reserve":
            patched.setattr(carrying_out, "has_room_for_upload", lambda _: False)
            assert go_on(of) == ("running", 0, 0, 0)
        else:
            patched.setattr(carrying_out, "attach", raise_full)
            with pytest.raises(OSError, match="No space left"):
                go_on(of)
    assert of.attempts == 0
    assert Submission.objects.count() == 0
    later = WEEKS_LATER + timedelta(minutes=5)
    assert uploads.release_stuck(wall_now=later) == 1
    carrying_out.carry_out_next(now=lambda: WEEKS_LATER, wall_now=lambda: later)
    of.refresh_from_db()
    assert (of.state, of.rows_done, of.rows_submitted) == ("done", 1, 1)


def raise_full(**_options):
    raise OSError(errno.ENOSPC, "No space left on device")
