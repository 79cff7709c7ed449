"""Deleting a memo: who may, what goes with it, and what somebody else did meanwhile."""

import re

import pytest

from accounts.models import AuditEvent
from accounts.states import AuditAction, Role
from review.errors import MemoOutdated, MemoRefused
from review.memos.deleting import delete_memo
from review.memos.writing import About, change_memo, write_memo
from review.models import Memo, MemoText
from tests.makers import make_call, make_code, make_submitted, make_user, while_open
from tests.review.coding_pages import STORY, coder, signed_in

pytestmark = pytest.mark.django_db
MEMOS = "/admin/review/memo/"


@pytest.fixture
def response(at):
    call = make_call()
    at(while_open(call))
    return make_submitted(call, story=STORY)


@pytest.fixture
def memo(response):
    ada = coder(response.call, "ada")
    about = About(response.call, response=response)
    return write_memo(about, title="Power", text="We think so.", by=ada, at=while_open(about.call))


def change(memo, by):
    change_memo(memo, title="A", text="Changed.", seen=1, by=by, at=while_open(memo.call))


def delete(memo, by, seen=1):
    delete_memo(memo, seen=seen, by=by, at=while_open(memo.call))


def carried(client, memo):
    """What the form of the memo's page carries unseen."""
    page = client.get(f"{MEMOS}{memo.pk}/change/").content.decode()
    form = page.partition("Change it</summary>")[2].partition("</form>")[0]
    return dict(
        re.findall(r'<input type="hidden" name="(seen|call|code|response)" value="(\d+)"', form)
    )


def test_deleted_memo_goes_with_its_earlier_texts(memo):
    change(memo, memo.by)
    delete(memo, memo.by, seen=2)
    assert (Memo.objects.count(), MemoText.objects.count()) == (0, 0)
    event = AuditEvent.objects.get(action=AuditAction.MEMO_DELETED)
    assert (event.actor, event.submission, event.detail) == (
        memo.by,
        memo.submission,
        {"memo": memo.pk, "written_by": memo.by_id},
    )


def test_memo_that_is_gone_already_is_deleted_once(memo):
    delete(memo, memo.by)
    delete(memo, memo.by)
    assert AuditEvent.objects.filter(action=AuditAction.MEMO_DELETED).count() == 1


@pytest.mark.parametrize("role", [Role.MANAGER, Role.REVIEWER])
def test_who_may_change_the_codebook_deletes_memos_of_others(memo, role):
    delete(memo, make_user(role))
    assert not Memo.objects.exists()


@pytest.mark.parametrize("role", [Role.CODER, Role.DATA_PROTECTION])
def test_others_delete_no_memo_of_a_colleague(memo, role):
    with pytest.raises(MemoRefused, match=r"^ada wrote this memo, and you may not delete it"):
        delete(memo, make_user(role))
    assert Memo.objects.exists()


def test_memo_that_somebody_changed_meanwhile_stays(memo):
    change(memo, make_user(Role.CODER, username="bea"))
    with pytest.raises(MemoOutdated, match=r"^bea changed this memo while this page was open"):
        delete(memo, memo.by)
    assert Memo.objects.get().text == "Changed."


def test_page_deletes_what_it_showed(memo):
    client = signed_in(memo.by)
    button = f'action="{MEMOS}{memo.pk}/discard/"'
    assert button in client.get(f"{MEMOS}{memo.pk}/change/").content.decode()
    change(memo, make_user(Role.CODER, username="bea"))
    answer = client.post(f"{MEMOS}{memo.pk}/discard/", {"seen": "1"}, follow=True)
    assert "bea changed this memo while this page was open" in answer.content.decode()
    answer = client.post(f"{MEMOS}{memo.pk}/discard/", {"seen": "2"}, follow=True)
    assert "The memo is deleted, with its earlier texts." in answer.content.decode()
    assert not Memo.objects.exists()
    answer = client.post(f"{MEMOS}{memo.pk}/discard/", {"seen": "2"}, follow=True)
    assert "This memo is deleted already." in answer.content.decode()


@pytest.mark.parametrize("kind", ["call", "code", "response"])
def test_what_was_typed_for_a_deleted_memo_becomes_a_new_one(response, kind):
    call, bea = response.call, coder(response.call, "bea")
    code = make_code(call=call, name="Pay")
    about = {
        "call": About(call),
        "code": About(call, code=code),
        "response": About(call, response=response),
    }[kind]
    memo = write_memo(about, title="Power", text="We think so.", by=bea, at=while_open(call))
    where = f"{MEMOS}{memo.pk}/change/"
    client = signed_in(coder(call, "cem"))
    given = carried(client, memo) | {"title": "Power", "text": "Typed for long."}
    delete(memo, bea)
    answer = client.post(where, given)
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert "bea deleted this memo while this page was open." in shown
    assert "Typed for long." in shown
    address = re.search(r'<form method="post" action="([^"]+)"', shown)[1]
    client.post(address, {"title": "Power", "text": "Typed for long."})
    kept = Memo.objects.get()
    assert (kept.text, kept.code, kept.submission) == (
        "Typed for long.",
        about.code,
        about.response,
    )


def test_stranger_learns_nothing_of_a_deleted_memo(memo):
    typed = carried(signed_in(memo.by), memo) | {"title": "Power", "text": "Typed."}
    delete(memo, memo.by)
    client = signed_in(make_user(Role.STEERING_MEMBER))
    assert client.post(f"{MEMOS}{memo.pk}/change/", typed).status_code == 403
    other = coder(make_call(slug="another"), "eve")
    answer = signed_in(other).post(f"{MEMOS}{memo.pk}/change/", typed)
    assert answer.status_code == 302


def test_page_offers_a_colleague_no_deleting(memo):
    client = signed_in(coder(memo.call, "bea"))
    where = f"{MEMOS}{memo.pk}"
    assert f"{where}/discard/" not in client.get(f"{where}/change/").content.decode()
    answer = client.post(f"{where}/discard/", {"seen": "1"}, follow=True)
    assert "ada wrote this memo, and you may not delete it." in answer.content.decode()
    assert client.get(f"{where}/discard/").url == f"{where}/change/"
    assert Memo.objects.exists()
