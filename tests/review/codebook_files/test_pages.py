"""The codebook is downloaded and brought in on pages of the admin."""

import base64
import zlib
from copy import deepcopy

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Membership
from accounts.states import Role
from review.coding.codebook_files.writing import as_csv, as_qdc
from review.coding.tree import tree
from review.models import Code
from tests.forms import form_of
from tests.makers import OPENS_AT, make_call, make_code, make_user
from tests.review.codebook_files import samples

pytestmark = pytest.mark.django_db
LIST = "/admin/review/code/"


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_call)


@pytest.fixture
def call(rows, db):
    return deepcopy(rows)


def staff(role=Role.REVIEWER):
    client = Client()
    client.force_login(make_user(role))
    return client


def page_of(call):
    return f"{LIST}of/{call.pk}/import/"


def chosen(client, call, content, name="codes.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    return client.post(page_of(call), {"file": SimpleUploadedFile(name, content)})


def test_codebook_is_shown_then_brought_in(call):
    client = staff()
    make_code(call=call, name="Money", description="Old")
    table = "parent,name,definition\n,Money,New\nMoney,Rent,<b>What</b> people pay\n"
    dry = chosen(client, call, table)
    said = dry.content.decode()
    assert dry.status_code == 200
    assert "1 would be added, 1 would be changed, 0 are there already." in said
    assert "<td>Money: definition (row 2)</td>" in said
    assert '<td class="words">Old</td><td class="words">New</td>' in said
    assert "<td>row 3</td><td>Money &gt; Rent</td><td>definition</td>" in said
    assert [code.name for code in Code.objects.all()] == ["Money"]
    done = client.post(page_of(call), form_of(dry), follow=True)
    assert done.redirect_chain == [(f"{LIST}?call__id__exact={call.pk}", 302)]
    assert "1 code added, 1 code changed." in done.content.decode()
    found = [(one.path, one.code.description) for one in tree(call)]
    assert found == [("Money", "New"), ("Money > Rent", "<b>What</b> people pay")]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("codes.qdc", samples.QUALCODER),
        ("codes.txt", samples.QUALCODER_TEXT.encode()),
        ("codes.qdc", samples.TAGUETTE),
        ("codes.csv", samples.TAGUETTE_CSV.encode("utf-16")),
        ("codes.qdc", samples.ATLAS_TI),
    ],
)
def test_file_of_another_program_goes_through_the_page_unchanged(call, name, content):
    client = staff()
    dry = chosen(client, call, content, name)
    client.post(page_of(call), form_of(dry))
    number = Code.objects.filter(call=call).count()
    again = chosen(client, call, content, name).content.decode()
    assert f"{number} are there already." in again
    assert "The codebook has all of this already." in again
    assert number > 1


def test_change_meanwhile_is_told_and_shown_anew(call):
    client = staff()
    dry = chosen(client, call, "name,definition\nMoney,New\nHope,\n")
    make_code(call=call, name="Money", description="Old")
    late = client.post(page_of(call), form_of(dry))
    said = late.content.decode()
    assert late.status_code == 409
    assert "Somebody changed the codebook since, so nothing came in." in said
    assert "1 would be added, 1 would be changed" in said
    assert Code.objects.count() == 1
    assert client.post(page_of(call), form_of(late)).status_code == 302
    assert Code.objects.count() == 2


def test_faults_are_listed_and_there_is_no_button(call):
    answer = chosen(staff(), call, "name,colour\nMoney,red\n")
    said = answer.content.decode()
    assert answer.status_code == 422
    assert "<td>row 2</td><td>“red” is not a colour: write it like #0b5a9c</td>" in said
    assert 'name="seen"' not in said


def test_fault_in_a_code_that_is_there_is_listed_and_no_change(call):
    make_code(call=call, name="Money")
    client = staff()
    lines = "One line, Two lines, Dashes, Dots, A wave"
    for column, said in (
        ("line", f"“zigzag” is not a line: write one of {lines}"),
        ("colour", "“zigzag” is not a colour: write it like #0b5a9c"),
    ):
        answer = chosen(client, call, f"name,{column}\nMoney,zigzag\n")
        assert answer.status_code == 422
        assert f"<td>row 2</td><td>{said}</td>" in answer.content.decode()
        assert "What would be changed" not in answer.content.decode()


def test_heading_whose_names_are_parted_otherwise_than_its_rows_gets_a_sentence(call):
    answer = chosen(staff(), call, "name;definition, of it, in words\nMoney;Pay\n")
    assert answer.status_code == 422
    assert (
        "No column has the names of the codes. The file was read with a comma between the cells: "
        "call the column “name”."
    ) in answer.content.decode()


def test_file_of_far_too_many_levels_makes_no_page_of_megabytes(call):
    rows = [f"{n:0100},{n - 1:0100}" if n else f"{0:0100}," for n in range(1_000)]
    answer = chosen(staff(), call, "\n".join(["name,parent", *rows]))
    assert answer.status_code == 422
    assert len(answer.content) < 1_000_000


PACKED = base64.b64encode(zlib.compress(b"name\n" + b" " * 50_000_000)).decode()


BROKEN = [
    ({}, "Choose a file first."),
    ({"content": "no base64", "seen": "x"}, "Choose the file again."),
    ({"content": "ö", "seen": "x"}, "Choose the file again."),
    ({"content": base64.b64encode(b"no zlib").decode()}, "Choose the file again."),
    ({"content": PACKED, "seen": "x"}, "The file is larger than 2 MB."),
    ({"file": SimpleUploadedFile("a.csv", b"a\0b")}, "The file is no text"),
    ({"file": SimpleUploadedFile("a.qdc", b"<CodeBook>")}, "The file is not whole"),
    ({"file": SimpleUploadedFile("a.csv", b"x" * 2_200_000)}, "The file is larger than 2 MB."),
]


def test_broken_file_gets_a_sentence(call):
    client = staff()
    for posted, said in BROKEN:
        answer = client.post(page_of(call), posted)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), said


def test_codebook_is_downloaded_in_both_forms(call, at):
    at(OPENS_AT)
    make_code(call=call, name="Money")
    client = staff(Role.CODER)
    table = client.get(f"{LIST}of/{call.pk}/codebook.csv")
    xml = client.get(f"{LIST}of/{call.pk}/codebook.qdc")
    assert (table.content, xml.content) == (as_csv(call), as_qdc(call))
    day = f"{OPENS_AT:%Y-%m-%d}"
    for answer, kind in ((table, "csv"), (xml, "qdc")):
        wanted = f'attachment; filename="{call.slug}-codebook-{day}.{kind}"'
        assert answer["Content-Disposition"] == wanted


def test_codebook_without_codes_is_no_file(call):
    client = staff(Role.CODER)
    for kind in ("csv", "qdc"):
        answer = client.get(f"{LIST}of/{call.pk}/codebook.{kind}", follow=True)
        assert answer.redirect_chain == [(f"{LIST}?call__id__exact={call.pk}", 302)]
        assert "There is no code to download yet." in answer.content.decode()
        assert f"codebook.{kind}" not in answer.content.decode()


PAGES = ("codebook.csv", "codebook.qdc", "import/")


def test_who_reads_responses_downloads_and_who_changes_the_codebook_imports(call):
    make_code(call=call, name="Money")
    for role, statuses in (
        (Role.MANAGER, [200, 200, 200]),
        (Role.REVIEWER, [200, 200, 200]),
        (Role.CODER, [200, 200, 403]),
        (Role.DATA_PROTECTION, [200, 200, 403]),
    ):
        client = staff(role)
        found = [client.get(f"{LIST}of/{call.pk}/{page}").status_code for page in PAGES]
        assert found == statuses, role
        linked = client.get(f"{LIST}?call__id__exact={call.pk}").content.decode()
        assert ("Import a codebook" in linked) == (statuses[2] == 200), role


def test_codebook_of_another_call_is_not_there(call):
    client, person, other = Client(), make_user(), make_call(slug="another")
    Membership.objects.create(person=person, call=call, role=Role.MANAGER)
    make_code(call=call, name="Money")
    client.force_login(person)
    assert [client.get(f"{LIST}of/{other.pk}/{page}").status_code for page in PAGES] == [404] * 3
    assert chosen(client, other, "A,\nB,\n").status_code == 404
    assert Code.objects.count() == 1
    assert [client.get(f"{LIST}of/{call.pk}/{page}").status_code for page in PAGES] == [200] * 3
