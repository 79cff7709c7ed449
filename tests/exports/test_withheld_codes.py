"""The name of a code may say what a confidential passage says: it is withheld with it."""

import re

import pytest
from django.core.management import CommandError, call_command

from accounts.states import Action, Role
from exports.consent import PSEUDONYMISED, Scope
from exports.filters import ExportFilter
from exports.recording import export_chunks
from exports.types import Dataset
from review.coding.codings import code_passage
from tests.exports.exporting import NOW, exported, members
from tests.makers import allow, make_call, make_code, make_submitted, make_user
from tests.personal_data.everything_typed import unpacked

pytestmark = pytest.mark.django_db
PAGE = "/steering/the-call/exports/"
CONFIDENTIAL = Scope(confidential=True)


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
    return make_call(slug="the-call")


def put_under(code, response, by):
    code_passage(
        code=code,
        version=response.current_version,
        question=response.call.questions_by_key["story"],
        start=0,
        end=3,
        by=by,
        at=NOW,
    )


@pytest.fixture
def codes(call):
    """“Theft” and “Bribery” stand on the confidential passage alone, “Seen” on the other one."""
    confidential = make_submitted(call, story="Secret", publication="confidential")
    named = make_submitted(call, story="Open", publication="named")
    theft = make_code(call=call, name="Theft")
    seen = make_code(call=call, name="Seen", parent=theft)
    theft_below = make_code(call=call, name="Bribery", parent=seen)
    make_code(call=call, name="Unused", parent=theft_below)
    reader = make_user(Role.CODER, username="reader", first_name="Ann", last_name="Reader")
    put_under(theft, confidential, reader)
    put_under(theft_below, confidential, reader)
    put_under(
        seen, named, make_user(Role.CODER, username="other", first_name="Bo", last_name="Other")
    )


def project_staff_with_leave():
    user = make_user(Role.MANAGER)
    allow(user, Action.EXPORT_CONFIDENTIAL)
    return user


def names_in(xml):
    """The staff's codes, each with how deep it stands; those of the questions come after them."""
    depth, found = 0, []
    for tag in re.findall(r"<Code [^>]*>|</Code>", xml):
        if tag == "</Code>":
            depth -= 1
            continue
        name = re.search(r'name="([^"]*)"', tag)[1]
        if name == "Questions":
            break
        found.append((depth, name))
        depth += 1
    return found


def test_codebook_has_no_code_that_stands_on_withheld_passages_alone(call, codes):
    shown = [(0, "Seen"), (1, "Unused")], ["Bo Other"]
    all_of_it = (
        [(0, "Theft"), (1, "Seen"), (2, "Bribery"), (3, "Unused")],
        ["Ann Reader", "Bo Other"],
    )
    for scope, (expected, users) in (
        (PSEUDONYMISED, shown),
        (Scope(named=True), shown),
        (CONFIDENTIAL, all_of_it),
    ):
        assert names_in(exported(call, "qdc", scope=scope).decode()) == expected, scope
        project = members(exported(call, "qdpx", scope=scope))["project.qde"].decode()
        assert names_in(project) == expected, scope
        assert re.findall(r'<User [^>]*name="([^"]*)"', project)[1:] == users, scope


def test_no_file_of_the_steering_group_names_such_a_code(call, codes):
    for name, content in members(exported(call, "bundle")).items():
        packed = members(content).values() if name.endswith((".xlsx", ".qdpx", ".docx")) else ()
        for data in (content, *packed):
            assert [word for word in (b"Theft", b"Bribery") if word in data] == []


def test_page_offers_such_a_code_to_those_alone_who_may_have_the_passage(call, codes, client):
    client.force_login(make_user(Role.STEERING_MEMBER))
    page = client.get(PAGE).content.decode()
    assert re.findall(r'name="codes" value="([^"]*)"', page) == ["Seen", "Unused"]
    for guessed in ("Bribery", "No such code"):
        answer = client.get(PAGE, {"codes": guessed})
        assert answer.status_code == 422
        assert f"codes: there is no “{guessed}”. Possible: Seen, Unused." in answer.content.decode()
    client.force_login(project_staff_with_leave())
    page = client.get(PAGE).content.decode()
    assert re.findall(r'name="codes" value="([^"]*)"', page) == [
        "Bribery",
        "Seen",
        "Theft",
        "Unused",
    ]


def test_command_refuses_such_a_code_as_one_that_is_not_there(call, codes, tmp_path):
    wanted = {"call": "the-call", "format": "csv", "output": str(tmp_path / "out.csv")}
    with pytest.raises(CommandError, match="there is no “Bribery”"):
        call_command("export_responses", code=["Bribery"], **wanted)
    call_command(
        "export_responses", "--code=Bribery", confidential=True, reason="For the report", **wanted
    )
    assert (tmp_path / "out.csv").read_text().count("\n") == 2


def test_record_tells_the_steering_group_nothing_of_what_a_confidential_export_chose(
    call, codes, client
):
    by = project_staff_with_leave()
    client.force_login(by)
    chosen = {"words": "secret", "confidential": "yes", "reason": "About the theft"}
    b"".join(client.post(PAGE, chosen | {"format": "csv"}).streaming_content)
    recorded = r'<td role="cell" class="number" data-label="Responses">([^<]*)</td></tr>'
    (rows,) = re.findall(recorded, client.get(PAGE).content.decode(), re.DOTALL)
    assert rows == "1"
    client.force_login(make_user(Role.STEERING_MEMBER))
    for page in (PAGE, "/steering/the-call/"):
        shown = client.get(page).content.decode()
        (rows,) = re.findall(recorded, shown, re.DOTALL)
        assert rows == "", page
        assert f'<td role="cell">{by.username}</td>' in shown, page
        assert "CSV, with confidential responses" in shown, page
        words = ("secret", "theft", "Words:", "Reason:")
        assert [word for word in words if word in shown] == [], page


def test_record_names_no_withheld_code_to_the_steering_group(call, codes, client):
    by = project_staff_with_leave()
    for name in ("Bribery", "Seen"):
        b"".join(export_chunks(Dataset(call, ExportFilter(codes=(name,))), "csv", by=by, at=NOW))
    for reader, chosen in (
        (by, ["Code: Seen", "Code: Bribery"]),
        (make_user(Role.STEERING_MEMBER), ["Code: Seen", "Code: not shown"]),
    ):
        client.force_login(reader)
        assert re.findall(r">(Code: [^<]*)<", client.get(PAGE).content.decode()) == chosen


def test_example_of_a_code_is_in_no_export(call):
    response = make_submitted(call, story="Open", publication="named")
    words = {"description": "zqdefined1x", "example": "zqexample1x", "use_when": "zqwhen1x"}
    code = make_code(call=call, name="Pay", **words)
    put_under(code, response, make_user(Role.CODER))
    made = b"\n".join(unpacked(exported(call, "bundle")))
    assert (b"zqdefined1x" in made, b"zqexample1x" in made) == (True, False)
