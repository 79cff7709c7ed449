"""Staff search responses by words: what is found, in which order, and what is said of it."""

import re
from copy import deepcopy
from uuid import uuid4

import pytest
from django.contrib import admin
from django.db import connection
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditEvent, Membership
from accounts.states import Role
from core.clock import wall_now
from review.admin import inbox_search
from review.models import FileText, SearchEntry
from review.noting import add_note
from review.searching import found as searched
from review.searching.entries import due, write_due
from review.texts.reading_due_files import read_due
from submissions.responses import amending, drafting, submitting
from submissions.responses.models import Attachment, FileScan, Submission
from submissions.responses.states import ErasureScope
from tests.makers import (
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)
from tests.personal_data.erasures import erase
from tests.review.lists import request_of, responses_listed

LIST = reverse("admin:submissions_submission_changelist")
RESPONSES = admin.site._registry[Submission]
SEARCHED = "admin/submissions/submission/searched.html"


@pytest.fixture(scope="module")
def rows(made_once):
    return made_once(lambda: (make_call(), make_user(Role.REVIEWER)))


@pytest.fixture
def made(rows, db, at):
    made = deepcopy(rows)
    at(while_open(made[0]))
    return made


@pytest.fixture
def call(made):
    return made[0]


@pytest.fixture
def staff(client, made):
    client.user = made[1]
    client.force_login(client.user)
    return client


def written():
    return write_due(until=lambda: False)


def found(client, typed, **filters):
    return [str(row) for row in responses_listed(client.user, {"q": typed} | filters)]


def part_of(client, typed):
    """What the list says of the search, and the words that it marks, without the page around it."""
    request, template = request_of(client.user, {"q": typed}), SEARCHED
    changes = RESPONSES.get_changelist_instance(request)
    shown = TemplateResponse(request, template, {"cl": changes})
    RESPONSES.show_excerpts(request, shown)
    marked = {
        piece
        for row in changes.result_list
        for snippet in row.snippets
        for piece, is_marked in snippet.pieces
        if is_marked
    }
    return in_words(render_to_string(template, shown.context_data)), marked


def said(client, typed):
    return in_words(client.get(LIST, {"q": typed}).content.decode())


def in_words(text):
    part = re.search(r'<div class="searched".*?</div>', text, re.S)[0]
    return " ".join(re.sub(r"<[^>]*>", " ", part).split())


TYPED = {
    "waiting": "ab",
    "wait list": "a",
    '"waiting list"': "a",
    "“waiting list”": "a",
    '"list waiting"': "",
    "waiting OR mayor": "abc",
    "waiting or mayor": "abc",
    "waiting list OR mayor": "ac",
    "waiting -list": "b",
    '-"waiting list"': "bc",
    "organisat*": "ab",
    "ORGANISAT*": "ab",
    "organisation": "ab",  # the stem is that of “organised”, too
    "-organisat* mayor": "c",
    '"the waiting"': "ab",
    "partnership": "b",  # the label of a choice
    "the mayor": "c",
}


def test_typed_words_find(call, staff):
    made = {
        "a": make_submitted(call, story="The waiting list of our organisation is long."),
        "b": make_submitted(call, story="We organise waiting. Organisations.", history=["led"]),
        "c": make_submitted(call, story="The mayor came."),
    }
    assert written() == 3
    name_of = {str(response): name for name, response in made.items()}
    assert {
        typed: "".join(sorted(name_of[one] for one in found(staff, typed))) for typed in TYPED
    } == TYPED
    page = staff.get(LIST, {"q": "waiting -list"})
    assert [str(row) for row in page.context["cl"].result_list] == [str(made["b"])]


def test_best_comes_first_with_its_words_marked(call, staff):
    weak = make_submitted(call, story="Long ago " + "and then so on " * 60 + "a mayor came.")
    strong = make_submitted(call, story="Mayors <b> are mayors: the mayor says so.")
    written()
    assert found(staff, "mayor") == [str(strong), str(weak)]
    assert found(staff, "mayor", o="1") == sorted([str(strong), str(weak)])
    text = staff.get(LIST, {"q": "mayor"}).content.decode()
    excerpts = re.findall(
        r'<p class="excerpt"><a href="(.*?)">(.*?)</a>\n<span dir="ltr">(.*?)</span></p>', text
    )
    (address, where, first), (_, _, second) = excerpts
    assert address == (
        f"/admin/submissions/submission/{strong.pk}/change/"
        "?_changelist_filters=q%3Dmayor#answer-story"
    )
    assert where == "What happened?"
    assert first == (
        "<mark>Mayors</mark> &lt;b&gt; are <mark>mayors</mark>: the <mark>mayor</mark> says so."
    )
    assert second.startswith("… ")
    assert second.endswith("a <mark>mayor</mark> came.")
    assert "The best come first." in said(staff, "mayor")


HINDI, CHINESE, THAI = (
    "सब को नमस्ते दुनिया.",
    "我们的预算是3000英镑。",
    "มนุษย์ทั้งหลายเกิดมามีอิสระ",
)


def test_words_of_any_script_are_found_and_marked(call, staff):
    made = {story: make_submitted(call, story=story) for story in (HINDI, CHINESE, THAI)}
    written()
    for story, typed, other, marked in (
        (HINDI, "नमस्ते", "नमस", "नमस्ते"),
        (HINDI, "नमस्त*", "नमन*", "नमस्ते"),
        (HINDI, '"नमस्ते दुनिया"', '"दुनिया नमस्ते"', "नमस्ते दुनिया"),
        (CHINESE, "预算", "资助", "预算"),
        (CHINESE, "英镑 我们", "英镑 他们", "我们"),
        (THAI, "อิสระ", "เสมอภาค", "อิสระ"),
    ):
        shown = found(staff, typed), found(staff, other)
        assert shown == ([str(made[story])], []), typed
        assert marked in part_of(staff, typed)[1], typed


def test_excerpt_is_read_from_the_side_of_its_whole_line(call, staff):
    for line, word, side in (
        ("قالت العمدة " + "word " * 40 + "grant paid", "grant", "rtl"),
        ("She wrote " + "كلمة " * 40 + "money paid", "money", "ltr"),
    ):
        make_submitted(call, story=f"Another line.\n{line}\nسطر آخر")
        written()
        text = staff.get(LIST, {"q": word}).content.decode()
        (excerpt,) = re.findall(rf'<span dir="{side}">(.*?)</span></p>', text)
        assert f"<mark>{word}</mark>" in excerpt
        assert line[:9] not in excerpt


def test_excerpts_go_on_record_without_the_words(call, staff):
    response = make_submitted(call, story="The mayor came.")
    written()
    staff.get(LIST, {"q": "mayor"})
    event = AuditEvent.objects.get(action="answers_searched")
    assert (event.actor, event.call) == (staff.user, call)
    assert event.detail == {"shown": [str(response)]}
    staff.get(LIST, {"q": "nobody"})
    staff.get(LIST, {"q": str(response)})
    assert AuditEvent.objects.filter(action="answers_searched").count() == 1
    staff.force_login(make_user(Role.MANAGER))
    page = staff.get(reverse("admin:submissions_submission_change", args=[response.pk]))
    assert "what a search found in it" in page.content.decode()


def test_note_is_found_once_its_entry_is_written_anew(call, staff):
    response = make_submitted(call, story="Nothing.")
    written()
    add_note(response, text="Ask the treasurer.", by=staff.user, at=while_open(call))
    assert found(staff, "treasurer") == []
    assert "1 response arrived or changed just now" in said(staff, "treasurer")
    assert written() == 1
    assert found(staff, "treasurer") == [str(response)]
    assert "just now" not in said(staff, "treasurer")
    assert f"Note by {staff.user}" in staff.get(LIST, {"q": "treasurer"}).content.decode()
    assert written() == 0


def test_erasure_ends_the_entry(call, staff):
    response = make_submitted(call, story="The mayor came.")
    written()
    erase(response, at=while_open(call))
    assert not due().exists()
    assert found(staff, "mayor", state="all") == []


def test_amended_response_is_found_by_its_latest_version_alone(call, staff):
    response = make_submitted(call, story="The mayor came.", email="ada@example.org")
    written()
    moment = while_open(call)
    amending.reopen(submission=response, at=moment)
    values = {"story": "The bishop came."}
    drafting.save_answers(submission=response, call=call, values=values, at=moment)
    assert written() == 0
    assert found(staff, "mayor") == [str(response)]
    submitting.submit(submission=response, at=moment)
    assert written() == 1
    assert (found(staff, "mayor"), found(staff, "bishop")) == ([], [str(response)])


def test_withdrawn_response_is_found_among_the_withdrawn(call, staff):
    response = make_submitted(call, story="The mayor came.")
    amending.withdraw(submission=response, at=while_open(call))
    written()
    assert found(staff, "mayor") == []
    assert found(staff, "mayor", state="withdrawn") == [str(response)]
    text = staff.get(LIST, {"q": "mayor", "state": "withdrawn"}).content.decode()
    assert '<p class="excerpt"><strong>Withdrawn: do not use it.</strong></p>' in text


def test_changed_label_has_the_entries_of_its_call_written_anew(call, staff):
    response = make_submitted(call, history=["led"], story="Nothing.")
    make_submitted(make_call())
    written()
    question = call.questions.get(key="history")
    question.options[1]["label"] = "Led a consortium"
    question.save()
    assert written() == 1
    assert (found(staff, "consortium"), found(staff, "partnership")) == ([str(response)], [])


def test_erasing_who_answered_ends_what_a_note_said_of_them(call, staff):
    response = make_submitted(call, email="ada@example.org", story="The mayor came.")
    add_note(response, text="Ring ada@example.org about it.", by=staff.user, at=while_open(call))
    written()
    assert found(staff, "ada@example.org") == [str(response)]
    erase(response, at=while_open(call), scope=ErasureScope.IDENTITY)
    assert not SearchEntry.objects.exists()
    written()
    assert (found(staff, "ada@example.org"), found(staff, "mayor")) == ([], [str(response)])


def test_search_and_its_order_know_only_the_calls_of_the_searcher(call, staff, monkeypatch):
    for module in (searched, inbox_search):
        monkeypatch.setattr(module, "MOST_RANKED", 2)
    weak = make_submitted(call, story="And so on " * 60 + "a mayor came.")
    strong = make_submitted(call, story="Mayors: the mayor.")
    other = make_call()
    person = make_user()
    Membership.objects.create(person=person, call=call, role=Role.REVIEWER)
    staff.force_login(person)
    staff.user = person
    for _ in range(3):
        make_submitted(other, story="The mayor.")
    written()
    make_submitted(other, story="The mayor.")
    assert found(staff, "mayor") == [str(strong), str(weak)]
    assert "just now" not in said(staff, "mayor")
    newest = make_submitted(call, story="And so on " * 60 + "a mayor came.")
    written()
    assert found(staff, "mayor") == [str(newest), str(strong), str(weak)]
    assert "More than 2 have it, so the newest come first" in said(staff, "mayor")


def test_list_under_a_search_asks_as_much_for_three_rows_as_for_one(call, staff):
    counts = []
    for more in (1, 2):
        for _ in range(more):
            add_note(
                make_submitted(call, story="The mayor."),
                text="A mayor?",
                by=staff.user,
                at=while_open(call),
            )
        written()
        with CaptureQueriesContext(connection) as queries:
            staff.get(LIST, {"q": "mayor"})
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert sum("numnode" in query["sql"] for query in queries) == 1, "it is read several times"


TOLD = [
    ("the", "There is nothing to search for in what you typed."),
    ("- OR | & ! * \"\" ''", "There is nothing to search for in what you typed."),
    ("OR OR -", "There is nothing to search for in what you typed."),
    ("mayor the*", "for “mayor” and words that begin with “the”"),
    ("the mayor", "“the” is too common to be searched for."),
    ('mayor "un balanced', "for “mayor” and the phrase “un balanced”. Nothing was found."),
    ("a* mayor", "for “mayor”."),
    ("mayor " * 30, "You typed more than is searched for"),
    ("m" * 600, "You typed more than is searched for"),
    ("'; DROP TABLE x; -- %s %(a)s {} \\", "Nothing was found."),
    ("\ud83d\ude00 mayor".encode("utf-16", "surrogatepass").decode("utf-16"), "for “mayor”."),
    ("<b>mayor</b>", "for “&lt;b&gt;mayor&lt;/b&gt;”"),
    ("mayor\u202e \u0000".replace("\0", ""), "for “mayor"),
    ("-mayor", "for anything without “mayor”. Nothing was found."),
]


def test_anything_can_be_typed_and_the_page_says_what_was_searched(call, staff):
    make_submitted(call, story="The mayor came.")
    written()
    for typed, told in TOLD:
        assert told in part_of(staff, typed)[0], typed


def test_any_text_is_searched_and_its_words_marked(call, staff):
    for number, text in enumerate(("a_" * 4_000 + " ", "<!--" * 900 + " ", "İ" * 900 + " ", "")):
        word = f"mayor{number}"
        story = text + word if text else f"{word} " * 900
        response = make_submitted(call, story=story)
        written()
        assert (found(staff, word), found(staff, f"{word}*")) == ([str(response)],) * 2, number
        assert word in part_of(staff, word)[1], number


@pytest.fixture
def with_a_file(call):
    draft = make_draft(call, **complete_answers(call, story="Nothing."))
    make_attachment(draft, content=b"Minutes: the organisation met its treasurer.")
    response = submitting.submit(submission=draft, at=while_open(call)).submission
    other = make_submitted(call, story="Nothing else.")
    assert read_due(now=wall_now, until=lambda: False) == 1
    assert written() == 2
    return str(response), str(other)


def test_text_of_a_file_is_found_and_shown_with_its_words_marked(staff, with_a_file):
    response, other = with_a_file
    assert found(staff, "treasurers") == [response]
    assert found(staff, '"the organisation"') == [response]
    assert found(staff, "organisat* met") == [response]
    assert found(staff, "nothing -treasurer") == [other]
    text = staff.get(LIST, {"q": "treasurer"}).content.decode()
    assert "text of a file" in text
    assert "Minutes: the organisation met its <mark>treasurer</mark>." in text


def test_file_that_one_may_not_open_shapes_nothing(client, call, with_a_file):
    client.user = make_user(Role.CODER)
    client.force_login(client.user)
    assert found(client, "treasurer") == []
    assert found(client, "treasur*") == []
    assert sorted(found(client, "nothing -treasurer")) == sorted(with_a_file)
    text = client.get(LIST, {"q": "nothing"}).content.decode()
    assert "Minutes" not in text


def test_file_that_is_infected_later_is_found_no_more(staff, with_a_file):
    FileScan.objects.create(
        attachment=Attachment.objects.get(),
        state="infected",
        detail="Eicar",
        scanned_at=wall_now(),
    )
    assert "Minutes" not in staff.get(LIST, {"q": "treasurer"}).content.decode()
    assert read_due(now=wall_now, until=lambda: False) == 0
    assert written() == 1
    assert found(staff, "treasurer") == []


def test_files_of_more_words_than_a_vector_holds_are_found_by_their_beginning(staff, with_a_file):
    words = " ".join(f"word{number:06}x" for number in range(110_000))
    FileText.objects.update(text=f"treasurer {words} mayor")
    SearchEntry.objects.update(is_stale=True)
    assert written() == 2
    assert found(staff, "treasurer") == [with_a_file[0]]
    assert found(staff, "mayor") == []


def test_word_at_the_end_of_long_files_is_found(staff, with_a_file):
    attachment, other = Attachment.objects.get(), Attachment.objects.get()
    other.pk, other.public_id = None, uuid4()
    other.save(force_insert=True)
    other.versions.set(attachment.versions.all())
    FileText.objects.update(text=f"treasurer {'and so on ' * 30_000} mayor")
    FileText.objects.create(
        attachment=other, state="read", rules=1, text="The bishop came.", at=wall_now()
    )
    SearchEntry.objects.update(is_stale=True)
    assert written() == 2
    for word in ("treasurer", "mayors", '"the bishop"'):
        assert found(staff, word) == [with_a_file[0]], word
    assert found(staff, '"mayor the bishop"') == []
