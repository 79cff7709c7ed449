"""Every page that respondents meet is looked at, in each state that has parts of its own.

`look` says what for. Of states that differ by words alone one is looked at. The longer ways through
some pages are walked in other files; here each state is set up.
"""

from datetime import timedelta
from secrets import token_hex

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.states import Role
from core import clock_check
from core.canonical import digest
from core.references import make_reference
from personal_data.erasing import carry_out_all
from submissions.calls.models import Call
from submissions.definitions import closing_times
from submissions.mail import reminding
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind
from submissions.respondent import calls as call_views
from submissions.responses import (
    amending,
    drafting,
    erasing,
    late_passes,
    returning,
    sharing,
    submitting,
)
from submissions.responses.models import ErasureRequest, FileScan
from submissions.responses.states import ErasureScope
from tests.asking import make_askable, make_asking_call, put_question
from tests.journeys.touring import Tour, page_templates
from tests.makers import (
    ABOUT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
)

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE_STARTING = {
    "calls/call.html",
    "calls/home.html",
    "calls/questions.html",
    "calls/return.html",
    "calls/return_address.html",
    "calls/return_sent.html",
    "calls/verify.html",
    "responses/no_response.html",
    "statements/accessibility.html",
    "statements/cookies.html",
    "statements/privacy.html",
}
ANSWERING = {
    "responses/check.html",
    "responses/conflicts.html",
    "responses/forget.html",
    "responses/help.html",
    "responses/leave.html",
    "responses/lost_edits.html",
    "responses/section.html",
    "responses/task_list.html",
}
SUBMITTED = {
    "calls/call.html",
    "calls/questions.html",
    "calls/verify.html",
    "responses/another.html",
    "responses/check.html",
    "responses/discard.html",
    "responses/submitted.html",
    "responses/task_list.html",
    "responses/withdraw.html",
    "responses/withdrawn.html",
}
CLOSED = {
    "calls/call.html",
    "responses/closed.html",
    "responses/section.html",
    "responses/submitted.html",
}
FROM_MAILS = {
    "calls/confirm_address.html",
    "calls/confirm_dead.html",
    "calls/reminders.html",
    "calls/return_dead.html",
    "calls/return_open.html",
    "late_passes/dead.html",
    "late_passes/late_pass.html",
}
ERASING = {
    "calls/erase.html",
    "calls/erase_asked.html",
    "calls/erasure_dead.html",
    "calls/erasure_link.html",
    "responses/erase.html",
    "responses/erased.html",
}
ASKED = {
    "follow_ups/answered.html",
    "follow_ups/closed.html",
    "follow_ups/no_more.html",
    "follow_ups/question.html",
}
SHARING = {
    "sharing/authors_alone.html",
    "sharing/dead.html",
    "sharing/ended.html",
    "sharing/join.html",
    "sharing/leave.html",
    "sharing/people.html",
    "sharing/person_gone.html",
    "responses/check.html",
    "responses/conflicts.html",
    "responses/section.html",
}
REFUSALS = {
    "refusals/bad_request.html",
    "refusals/expired.html",
    "refusals/forbidden.html",
    "refusals/lost_file.html",
    "refusals/not_found.html",
    "refusals/outage.html",
    "refusals/server_error.html",
    "refusals/too_many.html",
    "refusals/wrong_clock.html",
}


def test_no_page_is_left_out():
    toured = BEFORE_STARTING | ANSWERING | SUBMITTED | CLOSED | FROM_MAILS | ERASING
    assert toured | ASKED | SHARING | REFUSALS == page_templates()


@pytest.fixture
def call(at):
    call = make_call(
        title="Rates and charges",
        accent_colour="#17594f",
        accessibility_text="We print in braille.",
        cookies_text="None of our own.",
    )
    at(while_open(call))
    return call


@pytest.fixture
def tour(open_browser, look, call):
    page = open_browser(320)
    page.goto("/cookies/")
    tour = Tour(page, look, call)
    yield tour
    tour.end()


def answer(call, submission, **values):
    drafting.save_answers(submission=submission, call=call, values=values, at=while_open(call))


def test_before_starting(tour, call, at):
    tour.visit(name="call-open")
    tour.visit("?forgotten=link", "call-forgotten")
    tour.visit("questions/")
    tour.visit("return/").press("Send me a link", "return-errors")
    tour.fill("Email address", "jo@example.org").press("Send me a link", "return-sent")
    tour.visit("return/address/").press("Send a link there", "return-address-errors")
    tour.visit("verify/").press("Check", "verify-errors")
    tour.fill("Reference", make_reference("TST")).fill("Fingerprint", "0" * 16)
    tour.press("Check", "verify-apart")
    tour.fill("Checking code", "2222-2222").press("Check", "verify-apart-with-code")
    tour.visit("response/", "nothing-held")
    tour.post("response/evidence/", "nothing-held-typed", story="Typed in vain.")
    for name in ("privacy", "accessibility", "cookies"):
        tour.visit(f"{name}/", f"call-{name}")
    Call.objects.update(grace_minutes=10)
    later = call.closes_at + timedelta(days=2)
    closing_times.change_closing_time(
        call, to=later, reason="Many asked", by=make_user(), at=while_open(call)
    )
    tour.visit(name="call-extended")
    at(call.opens_at - timedelta(days=1))
    tour.visit(name="call-coming")
    tour.post("start/", "call-refused")
    early = call.opens_at - timedelta(days=9)
    make_call(title="Open", opens_at=early, privacy_text="Ours.")
    make_call(title="Closed", opens_at=early, closes_at=early + timedelta(days=7))
    for path in ("/", "/privacy/"):
        tour.visit(path, path.strip("/") or "home")
    assert tour.seen == BEFORE_STARTING


def test_in_a_rehearsal(open_browser, look, call, settings):
    settings.REHEARSAL = True
    page = open_browser(320)
    for path in (f"/calls/{call.slug}/", "/cookies/"):
        page.goto(path)
        assert page.get_by_text("Nothing here is real.").is_visible()
        look(page, f"rehearsal-{path.strip('/').partition('/')[0]}")


def test_where_no_call_is(open_browser, look):
    page = open_browser(320)
    for path in ("/", "/privacy/"):
        page.goto(path)
        look(page, f"no-call-{path.strip('/')}")


def make_infected(draft):
    file = make_attachment(draft, name="infected.txt", content=b"Infected")
    at = while_open(draft.call)
    FileScan.objects.create(attachment=file, state="infected", detail="Found", scanned_at=at)
    return file


def test_while_answering(tour, call):
    draft = make_draft(call)
    tour.hold(draft).visit("response/", "task-list")
    tour.visit("response/check/", "check-missing")
    tour.press("Submit your response", "check-errors")
    tour.visit("response/about/").press("Save and continue", "about-errors")
    tour.visit("response/forget/", "forget-unknown")
    tour.visit("response/leave/?saved=1", "leave-saved")
    tour.fill("Email address", "jo@example.org").press("Send me a link", "leave-sent")
    answer(call, draft, age="child")
    tour.visit("response/help/age/", "help")
    answer(call, draft, **complete_answers(call, story="Here.", publication="named"))
    infected = make_infected(draft)
    tour.visit("response/evidence/2/", "evidence-infected")
    tour.visit("response/check/", "check-infected")
    infected.delete()
    make_attachment(draft)
    tour.visit("response/evidence/").visit("response/evidence/2/")
    tour.press("Remove notes.txt")
    tour.page.get_by_role("link", name="notes.txt").wait_for(state="detached")
    evidence = {"_base_etags": "story:- history:-", "story": "There.", "history": "bid"}
    answer(call, draft, history=["led"])
    tour.post("response/evidence/", "conflicts", **evidence)
    tour.press("Save and continue", "conflicts-errors")
    tour.visit("response/check/", "check-complete")
    answer(call, draft, story="Changed meanwhile.")
    tour.press("Submit your response", "check-changed")
    submitting.submit(submission=draft, at=while_open(call))
    tour.post("response/evidence/", "not-kept", story="Too late in another tab.")
    assert tour.seen == ANSWERING


def test_after_submitting(tour, call):
    response = make_submitted(call, story="What happened here.")
    tour.hold(response).visit("response/submitted/", "submitted")
    infected = make_draft(call, **complete_answers(call))
    make_infected(infected)
    submitting.submit(submission=infected, at=while_open(call))
    tour.hold(infected).visit("response/submitted/", "submitted-infected").hold(response)
    tour.visit(name="call-submitted").visit("questions/", "questions-submitted")
    tour.visit("response/withdraw/", "withdraw")
    amending.reopen(submission=response, at=while_open(call))
    answer(call, response, story="Corrected.")
    tour.visit("response/", "task-list-amending").visit("response/check/", "check-amending")
    tour.visit("response/amend/discard/", "discard")
    tour.visit("response/withdraw/", "withdraw-amending")
    tour.visit("response/submitted/", "submitted-amending")
    submitting.submit(submission=response, at=while_open(call))
    tour.visit("response/submitted/?discarded=1", "submitted-discarded")
    response.refresh_from_db()
    tour.visit("verify/").fill("Reference", response.reference.lower())
    tour.fill("Fingerprint", response.current_version.receipt_digest)
    tour.press("Check", "verify-together")
    tour.page.get_by_text("They belong together").wait_for()
    amending.withdraw(submission=response, at=while_open(call))
    tour.visit("response/submitted/", "withdrawn")
    no_address = [question | {"required": False} for question in ABOUT]
    other = make_call(title="No address", about_questions=no_address)
    tour.call = other
    tour.hold(make_submitted(other)).visit(name="call-no-address")
    tour.press("Give another response", "another")
    assert tour.seen == SUBMITTED


def test_after_closing(tour, call, at):
    draft = make_draft(call, story="Not submitted in time.")
    changed, response = make_submitted(call), make_submitted(call)
    amending.reopen(submission=changed, at=while_open(call))
    tour.hold(draft)
    at(call.closes_at)
    tour.visit(name="call-closed-draft").visit("response/", "closed")
    tour.post("response/about/", "closed-refused", role_other="a" * 100_001)
    tour.hold(changed).visit("response/submitted/", "submitted-closed-amending")
    tour.hold(response).post("response/amend/", "submitted-closed-tried")
    assert tour.seen == CLOSED


def test_what_links_in_mails_lead_to(tour, call, at):
    draft, response = make_draft(call), make_submitted(call)
    for submission, held, name in (
        (draft, None, "return-open"),
        (draft, response, "return-open-draft"),
    ):
        tour.hold(held).visit(f"return/{link_to(submission)}/", name)
    tour.visit("return/nothing/", "return-dead-held")
    token = reminding.opt_out_token(draft)
    tour.visit(f"reminders/{token}/", "reminders")
    confirming = returning.make_link(
        mail=response.mails.get(kind=MailKind.CONFIRMATION), at=while_open(call)
    ).token
    tour.visit(f"confirm/{confirming}/", "confirm-address")
    tour.visit("confirm/nothing/", "confirm-address-dead")
    at(call.closes_at)
    tour.hold(None).visit(f"late-pass/{give_pass(call)}/", "late-pass")
    tour.visit("late-pass/nothing/", "late-pass-dead")
    assert tour.seen == FROM_MAILS


def invite(draft, address):
    """Return somebody whom the draft's author invited, and the token of their link."""
    at = while_open(draft.call)
    colleague = sharing.invite(submission=draft, address=address, at=at)
    mail = OutboxEmail.objects.select_related("call").get(to_address=address)
    return colleague, returning.make_link(mail=mail, at=at).token


def let_in(draft, address, name):
    _colleague, token = invite(draft, address)
    return sharing.join(call=draft.call, token=token, name=name, at=while_open(draft.call))


def test_working_together(tour, call):
    at = while_open(call)
    draft = make_draft(call, **complete_answers(call, story="As Ada wrote it."))
    tour.hold(draft).visit("people/", "people-alone")
    tour.fill("Email address of your colleague", f"{'a' * 40}@{'b' * 40}.example")
    tour.press("Send the invitation", "people-invited")
    ben = let_in(draft, "ben@example.org", "Ben Ruthven-Featherstonehaugh of Wem")
    _cat, token = invite(draft, "cat@example.org")
    tour.visit(f"join/{token}/", "join-own")
    tour.visit(f"people/{ben.number}/gone/", "person-gone")
    tour.post("people/2/", "people-allowed", may_submit="1")
    tour.hold(None).visit(f"join/{token}/", "join")
    tour.visit("join/nothing/", "join-dead")
    tour.hold_as(ben).visit("response/about/", "section-colleague")
    tour.visit("response/check/", "check-colleague")
    tour.visit("response/leave/?saved=1", "leave-colleague")
    tour.visit("response/erase/", "authors-alone")
    evidence = {"_base_etags": "story:- history:-", "story": "As Ben did.", "history": "bid"}
    tour.post("response/evidence/", "conflicts-colleague", **evidence)
    sharing.take_away(submission=draft, number=ben.number, at=at)
    tour.post("response/evidence/", "access-ended", story="Too late.")
    assert tour.seen == SHARING


def test_erasing(tour, call):
    response = make_submitted(call)
    tour.hold(response).visit("response/erase/", "erase")
    tour.post("response/erase/", "erase-nothing-chosen")
    request = erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=while_open(call))
    tour.visit("erase/", "erase-by-receipt")
    tour.visit("erase/asked/", "erase-by-receipt-asked").visit("erase/nothing/", "erasure-dead")
    decider = make_user(Role.MANAGER)
    erasing.refuse(request, by=decider, words="A court needs it.", at=while_open(call))
    tour.visit("response/erase/", "erase-refused")
    request = erasing.ask(submission=response, scope=ErasureScope.RESPONSE, at=while_open(call))
    mail = OutboxEmail.objects.filter(kind=MailKind.ERASURE_ASKED).latest("pk")
    token = erasing.confirming_token(mail, request)
    unconfirmed = ErasureRequest.objects.filter(pk=request.pk)
    unconfirmed.update(token_sha256=digest(token), confirmed_at=None)
    tour.visit("response/erase/", "erase-to-confirm").visit(f"erase/{token}/", "erasure-link")
    tour.press("Yes, erase it", "erasure-confirmed")
    erasing.approve(request, by=decider, at=while_open(call))
    carry_out_all(at=while_open(call))
    tour.visit("response/submitted/", "erased")
    assert tour.seen == ERASING


def test_answering_a_question(tour, at):
    tour.call = make_asking_call()
    asked, token = put_question(make_askable(tour.call))
    tour.hold(None).visit(f"question/{token}/", "follow-up")
    tour.press("Send your answer", "follow-up-empty").fill("Your answer", "Lots 3 and 4.")
    tour.press("Send your answer", "follow-up-answered")
    tour.visit(f"question/{token}/no-more/", "follow-up-no-more")
    at(asked.answer_until)
    tour.post(f"question/{token}/", "follow-up-late", answer="Lot 3.")
    assert tour.seen == ASKED


def database_is_away(*_args, **_kwargs):
    raise OperationalError("connection refused")


def test_refusals(tour, call, monkeypatch, settings):
    draft = make_draft(call)
    with monkeypatch.context() as clock:
        clock.setattr(clock_check, "is_wrong", lambda: True)
        tour.post("start/", "wrong-clock")
    # A secret of its own: tries are counted under it.
    settings.SECRET_KEY = token_hex()
    settings.DRAFTS_OF_CLIENT_PER_HOUR = 1
    Client().post(f"/calls/{call.slug}/start/")
    tour.post("start/", "too-many")
    tour.visit("/?q=%00", "bad-request").visit("/nowhere/", "not-found")
    tour.sign_in(make_user()).visit("/steering/", "forbidden")
    lost = make_attachment(draft)
    lost.file.storage.delete(lost.file.name)
    tour.hold(draft).visit(f"response/files/{lost.public_id}/", "lost-file")
    tour.page.goto(f"/calls/{call.slug}/response/evidence/")
    tour.fill("What happened?", "Typed for hours.")
    tour.page.context.clear_cookies(name="csrf")
    tour.press("Save and continue")
    tour.page.get_by_role("heading", name="Your page had expired. Copy your text").wait_for()
    tour.look("expired")
    monkeypatch.setattr(call_views, "_call_context", None)
    tour.visit(name="server-error")
    monkeypatch.setattr(call_views, "_call_context", database_is_away)
    tour.visit(name="outage")
    assert tour.seen == REFUSALS


def link_to(submission):
    at = while_open(submission.call)
    returning.enqueue_link(submission=submission, address="jo@example.org", at=at)
    return returning.make_link(mail=OutboxEmail.objects.latest("pk"), at=at).token


def give_pass(call):
    given = late_passes.give(
        call=call,
        address="jo@example.org",
        reason="The post was late",
        expires_at=call.closes_at + timedelta(days=3),
        by=make_user(),
        at=call.closes_at,
    )
    return late_passes.make_link(given)
