"""REFI-QDA files, judged by the published schema and read back with pyrefiqda."""

import uuid
import zipfile

import pytest
from lxml import etree
from pyrefiqda import RefiCodebook

from accounts.states import Role
from exports.filters import ExportFilter
from exports.writers.qda_xml import guid
from review.coding.codings import code_passage, quote
from tests.exports.exporting import FAMILY, NOW, exported, make_nasty, members
from tests.exports.qda_files import Q, Read, valid
from tests.makers import make_call, make_code, make_first_call, make_submitted, make_user


@pytest.mark.django_db
def test_nasty_answers_stand_in_one_source_each_coded_to_their_question(tmp_path):
    call, stored = make_nasty()
    data = exported(call, "qdpx")
    valid(data)
    read = Read(data, tmp_path)
    assert read.quotes() == {ref: [("What happened?", text)] for ref, text in stored.items()}
    assert len(members(data)) == 1 + len(stored)
    assert all("\r" not in text for text in read.sources.values())


@pytest.mark.django_db
def test_staffs_codings_quote_exactly_what_they_coded(tmp_path):
    call = make_call()
    text = (
        f"{FAMILY} first \U0001f600 e\u0301 n\u0308o\nsecond: paid us on time. \U0001f44d\U0001f3fd"
    )
    response = make_submitted(call, story=text, roles=["commissioner"], commissioner_view="Views")
    version = response.current_version
    stored = version.texts["story"]
    user = make_user(Role.CODER, username="coder", first_name="Ada", last_name="Coder")
    parent = make_code(call=call, name="Partnership", description="Working together")
    child = make_code(call=call, name="Fair payment", parent=parent, colour="#1d70b8")
    wanted = [FAMILY, "\U0001f600 \u00e9", "n\u0308o", "paid us on time", "\U0001f44d\U0001f3fd"]
    question = call.questions_by_key["story"]
    codings = []
    for passage in wanted:
        start = stored.index(passage)
        codings.append(
            code_passage(
                code=child,
                version=version,
                question=question,
                start=start,
                end=start + len(passage),
                by=user,
                at=NOW,
            )
        )
    data = exported(call, "qdpx")
    root = valid(data)
    read = Read(data, tmp_path)
    quotes = read.quotes()[response.reference]
    assert quotes[:2] == [
        ("What happened?", stored),
        ("What do you see as a commissioner?", "Views"),
    ]
    assert sorted(quotes[2:]) == sorted(("Fair payment", quote(coding)) for coding in codings)
    assert [u.name for u in read.project.users.user] == ["Evidence portal", "Ada Coder"]
    coder = read.project.users.user[1].guid
    made = [
        c.creating_user
        for s in read.project.sources.text_source
        for p in s.plain_text_selection
        for c in p.coding
    ]
    assert made.count(coder) == len(wanted)
    (outer,) = [c for c in root.iter(f"{Q}Code") if c.get("name") == "Partnership"]
    assert [c.get("name") for c in outer.findall(f"{Q}Code")] == ["Fair payment"]
    assert (outer.findtext(f"{Q}Description"), outer.get("guid")) == (
        "Working together",
        str(parent.guid),
    )
    assert outer.find(f"{Q}Code").get("color") == "#1d70b8"


@pytest.mark.django_db
def test_closed_answers_are_the_cases_variables(tmp_path):
    call = make_call()
    response = make_submitted(
        call, roles=["provider", "other"], role_other="Volunteer", fairness={"risk": "good"}
    )
    values = Read(exported(call, "qdpx"), tmp_path).values()[response.reference]
    for name in ("submitted_at", "received_at"):
        assert str(values.pop(name)) == "2019-07-23T11:00:00Z"
    # None of `history`, which is not answered: nobody said no.
    assert values == {
        "timing": "on_time",
        "channel": "web",
        "roles": "provider; other",
        "roles: provider": True,
        "roles: commissioner": False,
        "roles: other": True,
        "age": "adult",
        "fairness_risk": "good",
        "declaration": "yes",
        "version": 1,
        "publication": "named",
        "quote_ok": "yes",
        "attachments": 0,
        "words": 4,
        "status": "unread",
    }


def code_words(response, code):
    code_passage(
        code=code,
        version=response.current_version,
        question=response.call.questions.get(key="story"),
        start=0,
        end=5,
        by=make_user(Role.CODER),
        at=NOW,
    )


@pytest.mark.django_db
def test_names_of_codes_never_meet(tmp_path):
    call = make_call()
    response = make_submitted(call, story="Words")
    for name in ("What happened?", "Your evidence", "Questions"):
        code_words(response, make_code(call=call, name=name))
    data = exported(call, "qdpx")
    valid(data)
    names = [code.get("name") for code in valid(data).iter(f"{Q}Code")]
    assert len({name.casefold() for name in names}) == len(names)
    quotes = Read(data, tmp_path).quotes()
    (named, *_of_staff) = [code for code, _ in quotes[response.reference]]
    assert named == "What happened? (story)"


@pytest.mark.django_db
def test_exporting_twice_gives_the_same_bytes_and_another_choice_the_same_identities(tmp_path):
    call = make_first_call()
    make_submitted(call, good_practice="One")
    kept = make_submitted(call, good_practice="Two, of a commissioner", roles=["commissioner"])
    whole = exported(call, "qdpx")
    assert exported(call, "qdpx") == whole
    part = valid(
        exported(call, "qdpx", export_filter=ExportFilter(facets={"roles": ("commissioner",)}))
    )
    (source,) = part.iter(f"{Q}TextSource")
    assert source.get("name") == kept.reference
    guids = {e.get("guid") for e in part.iter() if e.get("guid")}
    assert guids < {e.get("guid") for e in valid(whole).iter() if e.get("guid")}


@pytest.mark.django_db
def test_every_identity_is_given_once_and_every_reference_leads_somewhere():
    call = make_first_call()
    for _ in range(3):
        make_submitted(call, good_practice="Words", poor_practice="More")
    root = valid(exported(call, "qdpx"))
    guids = [e.get("guid") for e in root.iter() if e.get("guid")]
    assert len(set(guids)) == len(guids)
    assert {e.get("targetGUID") for e in root.iter() if e.get("targetGUID")} <= set(guids)


@pytest.mark.django_db
def test_call_without_responses_is_a_valid_project():
    assert valid(exported(make_call(), "qdpx")).find(f"{Q}Sources") is None


@pytest.mark.django_db
def test_archive_holds_the_project_and_its_sources_only(tmp_path):
    call = make_call()
    make_submitted(call)
    data = exported(call, "qdpx")
    assert not members(data)["project.qde"].startswith(b"\xef\xbb\xbf")
    path = tmp_path / "p.qdpx"
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert {part.extract_version for part in archive.infolist()} == {20}  # ZIP64 has 45
    assert sorted(name.partition("/")[0] for name in names) == ["project.qde", "sources"]


@pytest.mark.django_db
def test_codebook_alone_is_that_of_the_project(tmp_path):
    call = make_call()
    parent = make_code(call=call, name="Partnership")
    code_words(make_submitted(call), make_code(call=call, name="Fair payment", parent=parent))
    path = tmp_path / "codes.qdc"
    path.write_bytes(exported(call, "qdc"))
    alone = etree.parse(str(path)).getroot()
    assert alone.tag == "{urn:QDA-XML:codebook:1.0}CodeBook"
    read = RefiCodebook.load(path)
    assert [code.name for code in read.codes.code] == ["Partnership", "Questions"]
    assert [code.name for code in read.codes.code[0].code] == ["Fair payment"]
    inside = valid(exported(call, "qdpx")).find(f"{Q}CodeBook/{Q}Codes")
    told = [(c.get("guid"), c.get("name")) for c in inside.iter(f"{Q}Code")]
    assert [
        (c.get("guid"), c.get("name")) for c in alone.iter("{urn:QDA-XML:codebook:1.0}Code")
    ] == told


@pytest.mark.django_db
def test_identities_are_uuids_of_version_5_of_their_names():
    call = make_call()
    names = uuid.uuid5(uuid.NAMESPACE_URL, "urn:evidence-portal")
    for part in ("RTR-2222-2222", "ünïcode", "x" * 5_000):
        name = f"{call.slug}\ncase\n{part}\n3"
        assert guid(call, "case", part, 3) == str(uuid.uuid5(names, name))
