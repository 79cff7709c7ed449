"""The name of a code may say what a confidential passage says: it is withheld with it."""

import re
from copy import deepcopy

import pytest
from django.core.management import CommandError, call_command

from accounts.states import Action, Role
from exports.consent import PSEUDONYMISED, Scope
from exports.filters import ExportFilter
from exports.queries import erased_references, samples_of, used_codes
from exports.recording import export_chunks
from exports.types import Dataset
from review.coding.codings import code_passage, remove_coding
from review.coding.samples import draw_sample
from review.memos.writing import About, write_memo
from submissions.responses.amending import withdraw
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.exports.api.pulling import make_token, pull
from tests.exports.exporting import NOW, exported, members
from tests.makers import allow, make_call, make_code, make_submitted, make_user, while_open
from tests.personal_data.everything_typed import unpacked

pytestmark = pytest.mark.django_db
PAGE = "/steering/the-call/exports/"
CONFIDENTIAL = Scope(confidential=True)


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(make_rows)


@pytest.fixture
def call(rows, db, monkeypatch):
    monkeypatch.setattr("core.clock.portal_now", lambda: NOW)
    return deepcopy(rows)


def put_under(code, response, by):
    return code_passage(
        code=code,
        version=response.current_version,
        question=response.call.questions_by_key["story"],
        start=0,
        end=3,
        by=by,
        at=NOW,
    )


def make_rows():
    """“Harm” and “Bribery” stand on the confidential passage alone, “Seen” on the other one."""
    call = make_call(slug="the-call")
    confidential = make_submitted(call, story="Secret", publication="confidential")
    named = make_submitted(call, story="Open", publication="named")
    harm = make_code(call=call, name="Harm")
    seen = make_code(call=call, name="Seen", parent=harm)
    theft = make_code(call=call, name="Theft", parent=seen)
    bribery = make_code(call=call, name="Bribery", parent=theft)
    make_code(call=call, name="Unused", parent=bribery)
    reader = make_user(Role.CODER, username="reader", first_name="Ann", last_name="Reader")
    put_under(harm, confidential, reader)
    put_under(bribery, confidential, reader)
    put_under(
        seen, named, make_user(Role.CODER, username="other", first_name="Bo", last_name="Other")
    )
    return call


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


def test_codebook_has_the_codes_of_shown_passages_and_those_above(call):
    shown = [(0, "Harm"), (1, "Seen")], ["Bo Other"]
    all_of_it = [*shown[0], (2, "Theft"), (3, "Bribery")], ["Ann Reader", "Bo Other"]
    for scope, (expected, users) in (
        (PSEUDONYMISED, shown),
        (Scope(named=True), shown),
        (CONFIDENTIAL, all_of_it),
    ):
        alone = exported(call, "qdc", scope=scope).decode()
        project = members(exported(call, "qdpx", scope=scope))["project.qde"].decode()
        assert [names_in(codebook) for codebook in (alone, project)] == [expected] * 2, scope
        assert re.findall(r'<User [^>]*name="([^"]*)"', project)[1:] == users, scope
    rows = exported(call, "codings").decode().splitlines()
    assert [row.split(",")[5] for row in rows] == ["code", "Harm > Seen"]


def test_team_takes_the_whole_codebook_away_with_memos_on_it(call):
    ann = make_user(Role.CODER)
    unused = call.codes.get(name="Unused")
    write_memo(About(call, code=unused), title="Whether to use it", text="No.", by=ann, at=NOW)
    project = members(exported(call, "qdpx", by=ann, team=True))["project.qde"].decode()
    whole = ["Harm", "Seen", "Theft", "Bribery", "Unused"]
    assert names_in(project) == list(enumerate(whole))
    assert "Whether to use it" in project


def test_nothing_that_the_steering_group_gets_tells_that_a_confidential_response_has_a_code_now(
    call, client
):
    """They compare today's files, pages and answers with yesterday's."""
    hidden = Submission.objects.get(current_version__choices__publication="confidential")
    member = make_user(Role.STEERING_MEMBER)
    _token, secret = make_token(call, by=member)
    client.force_login(member)

    def everything():
        formats = ("csv", "json", "codings", "qdpx", "qdc", "counts")
        told = {name: exported(call, name) for name in formats}
        pages = [client.get(PAGE, {"codes": code}) for code in ("Unused", "Theft", "Seen")]
        told["pages"] = [re.findall(r"there is no[^<]*", p.content.decode()) for p in pages]
        page = pull(client, call, secret)
        refused = pull(client, call, secret, codes="Unused").status_code
        return told | {"API": (page["ETag"], b"".join(page), refused)}

    before = everything()
    on_heading = hidden.current_version.codings.get(code__name="Harm")
    remove_coding(on_heading, by=on_heading.by, at=NOW)
    taken = everything()
    put_under(call.codes.get(name="Unused"), hidden, make_user(Role.CODER))
    given = everything()
    assert [key for key in before if (taken[key], given[key]) != (before[key],) * 2] == []


def test_no_file_of_the_steering_group_names_such_a_code(call):
    for name, content in members(exported(call, "bundle")).items():
        packed = members(content).values() if name.endswith((".xlsx", ".qdpx", ".docx")) else ()
        for data in (content, *packed):
            assert [word for word in (b"Theft", b"Bribery", b"Unused") if word in data] == []


def test_page_offers_such_a_code_to_those_alone_who_may_have_the_passage(call, client):
    client.force_login(make_user(Role.STEERING_MEMBER))
    page = client.get(PAGE).content.decode()
    assert re.findall(r'name="codes" value="([^"]*)"', page) == ["Seen"]
    for guessed in ("Bribery", "Unused", "Harm", "No such code"):
        answer = client.get(PAGE, {"codes": guessed})
        assert answer.status_code == 422
        assert f"codes: there is no “{guessed}”. Possible: Seen." in answer.content.decode()
    client.force_login(project_staff_with_leave())
    page = client.get(PAGE).content.decode()
    assert re.findall(r'name="codes" value="([^"]*)"', page) == ["Bribery", "Harm", "Seen"]


def test_command_refuses_such_a_code_as_one_that_is_not_there(call, tmp_path):
    wanted = {"call": "the-call", "format": "csv", "output": str(tmp_path / "out.csv")}
    with pytest.raises(CommandError, match="there is no “Bribery”"):
        call_command("export_responses", code=["Bribery"], **wanted)
    call_command(
        "export_responses", "--code=Bribery", confidential=True, reason="For the report", **wanted
    )
    assert (tmp_path / "out.csv").read_text().count("\n") == 2


def test_record_tells_the_steering_group_nothing_of_what_a_confidential_export_chose(call, client):
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
        words = ("secret", "theft", "Words:", "Reason:", "SHA-256")
        assert [word for word in words if word in shown] == [], page


def test_record_names_no_withheld_code_to_the_steering_group(call, client):
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


def test_nothing_is_read_of_another_call_or_of_a_withdrawn_response(call):
    other = make_call()
    gone = make_submitted(other)
    draw_sample(
        call=other,
        size=1,
        coders=[make_user(Role.CODER) for _ in range(2)],
        facet="",
        is_blind=False,
        by=make_user(Role.MANAGER),
        at=NOW,
        seed=1,
    )
    assert [len(samples_of(Dataset(each))) for each in (call, other)] == [0, 1]
    code = make_code(call=other, name="Pay")
    put_under(code, gone, make_user(Role.CODER))
    assert used_codes(Dataset(other)) == [code]
    withdraw(submission=gone, at=while_open(other))
    assert used_codes(Dataset(other)) == []
    Submission.objects.filter(pk=gone.pk).update(state=SubmissionState.ERASED)
    assert [erased_references(each) for each in (call, other)] == [[], [gone.reference]]
