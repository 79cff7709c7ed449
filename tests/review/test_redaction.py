"""Hiding passages: by two people, in the texts that readers outside the team get."""

from copy import deepcopy

import pytest
from django.db import IntegrityError, transaction

from accounts.models import AuditEvent
from accounts.states import Action, AuditAction, Role
from core.clock import wall_now
from review.errors import RedactionRefused
from review.models import RedactedFileText, RedactedVersion, Redaction
from review.redaction.proposing import propose, withdraw
from review.redaction.readable_texts import readable_answers, readable_file_text
from review.redaction.redacting import (
    approve,
    ask_back,
    keep_hidden,
    refuse,
    show_again,
    waiting_for,
)
from review.states import RedactionReason, RedactionState
from review.texts import reading_due_files
from submissions.responses import amending, attaching, submitting
from submissions.responses.models import Submission
from submissions.responses.states import ErasureScope
from submissions.responses.submitting import submit
from tests.makers import (
    OPENS_AT,
    complete_answers,
    make_attachment,
    make_call,
    make_draft,
    make_submitted,
    make_user,
    while_open,
    withhold,
)
from tests.personal_data.erasures import erase
from tests.review.redaction_makers import make_proposed, make_redaction
from tests.review.response_pages import amended

pytestmark = pytest.mark.django_db
STORY = "Jo Bloggs\r\nof Leeds 😎 said so. Leeds knows."


def make_rows():
    call = make_call()
    return {
        "call": call,
        "response": make_submitted(call, story=STORY),
        "ann": make_user(Role.REVIEWER, username="ann"),
        "bea": make_user(Role.REVIEWER, username="bea"),
    }


@pytest.fixture
def made(rows, db):
    return deepcopy(rows)


@pytest.fixture
def ann(made):
    return made["ann"]


@pytest.fixture
def bea(made):
    return made["bea"]


def latest(response):
    return Submission.objects.get(pk=response.pk).current_version


def given_file(call, content, *, at=None):
    """A response with a file whose text is read."""
    draft = make_draft(call, **complete_answers(call))
    make_attachment(draft, content=content)
    response = submit(submission=draft, at=at or while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    return response


def file_text_of(response):
    return response.current_version.attachments.get().extracted


def states(version):
    rows = Redaction.objects.filter(version=version).order_by("start", "pk")
    return [(one.state, one.start, one.end) for one in rows]


def test_hidden_passage_keeps_its_length_and_its_line_ends(response):
    make_redaction(response, "Bloggs\nof Leeds 😎")
    shown = readable_answers(latest(response))
    assert shown["story"] == "Jo ██████\n██████████ said so. Leeds knows."
    assert len(shown["story"]) == len(latest(response).texts["story"])
    assert latest(response).texts["story"] == STORY.replace("\r\n", "\n")


def test_proposal_hides_nothing(response):
    make_proposed(response, "Leeds")
    assert readable_answers(latest(response)) == latest(response).texts
    assert not RedactedVersion.objects.exists()


def test_readable_words_of_a_passage_that_is_partly_hidden(response):
    make_redaction(response, "Bloggs")
    assert readable_answers(latest(response))["story"][0:9] == "Jo ██████"


def test_two_redactions_that_overlap_hide_what_is_in_either(response, bea):
    make_redaction(response, "Jo Bloggs")
    second = make_redaction(response, "Bloggs\nof")
    assert readable_answers(latest(response))["story"].startswith("█████████\n██ Leeds")
    ask_back(second, words="Needed", by=bea, at=OPENS_AT)
    show_again(second, by=make_user(Role.MANAGER), at=OPENS_AT)
    assert readable_answers(latest(response))["story"].startswith("█████████\nof Leeds")


def test_passage_within_one_that_is_hidden_or_proposed_is_refused(response, ann):
    make_redaction(response, "Jo Bloggs")
    make_proposed(response, "of Leeds", by=ann)
    for words, said in [
        ("Bloggs", "These words are hidden already"),
        ("Leeds", "ann has proposed that already"),
    ]:
        with pytest.raises(RedactionRefused) as refused:
            make_proposed(response, words)
        assert refused.value.message == said


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 100)])
def test_passage_outside_the_answer_is_refused(response, ann, start, end):
    with pytest.raises(RedactionRefused):
        propose(
            version=response.current_version,
            question=response.call.questions.get(key="story"),
            start=start,
            end=end,
            reason=RedactionReason.AUTHOR,
            by=ann,
            at=OPENS_AT,
        )


def test_other_reason_needs_words(response):
    with pytest.raises(RedactionRefused):
        make_proposed(response, "Leeds", reason=RedactionReason.OTHER)
    assert make_proposed(response, "Leeds", reason=RedactionReason.OTHER, words=" By  law ").words


def test_who_proposed_it_does_not_approve_it(response, ann, bea):
    proposed = make_proposed(response, "Leeds", by=ann)
    with pytest.raises(RedactionRefused):
        approve(proposed, by=ann, at=OPENS_AT)
    with pytest.raises(IntegrityError), transaction.atomic():
        Redaction.objects.update(state=RedactionState.APPROVED, decided_by=ann, decided_at=OPENS_AT)
    approve(proposed, by=bea, at=OPENS_AT)
    assert "Leeds" not in readable_answers(latest(response))["story"][:20]


def test_second_decision_is_refused_with_the_name_of_the_first(response, bea):
    proposed = make_proposed(response, "Leeds")
    refuse(proposed, words="It is a town", by=bea, at=OPENS_AT)
    with pytest.raises(RedactionRefused) as refused:
        approve(proposed, by=make_user(Role.MANAGER), at=OPENS_AT)
    assert refused.value.message == "bea refused it already"
    assert readable_answers(latest(response)) == latest(response).texts


def test_own_proposal_is_withdrawn_by_one(response, ann, bea):
    proposed = make_proposed(response, "Leeds", by=ann)
    with pytest.raises(RedactionRefused):
        withdraw(proposed, by=bea, at=OPENS_AT)
    withdraw(proposed, by=ann, at=OPENS_AT)
    proposed.refresh_from_db()
    assert proposed.state == RedactionState.TAKEN_BACK


def test_hidden_words_are_shown_again_by_two(response, ann, bea):
    hidden = make_redaction(response, "Leeds")
    with pytest.raises(RedactionRefused):
        show_again(hidden, by=bea, at=OPENS_AT)
    ask_back(hidden, words="It is a town", by=ann, at=OPENS_AT)
    with pytest.raises(RedactionRefused):
        show_again(hidden, by=ann, at=OPENS_AT)
    show_again(hidden, by=bea, at=OPENS_AT)
    with pytest.raises(RedactionRefused, match="bea took it back already"):
        keep_hidden(hidden, by=bea, at=OPENS_AT)
    assert readable_answers(latest(response)) == latest(response).texts
    assert not RedactedVersion.objects.exists()


def test_kept_hidden_though_somebody_asked(response, ann, bea):
    hidden = make_redaction(response, "Leeds")
    ask_back(hidden, words="It is a town", by=ann, at=OPENS_AT)
    keep_hidden(hidden, by=bea, at=OPENS_AT)
    with pytest.raises(RedactionRefused):
        show_again(hidden, by=bea, at=OPENS_AT)
    assert "of █████" in readable_answers(latest(response))["story"]


@pytest.mark.parametrize(
    ("action", "does"),
    [
        (Action.REDACT, lambda one, by: make_proposed(one.version.submission, "said", by=by)),
        (Action.REDACT, lambda one, by: ask_back(one, words="So", by=by, at=OPENS_AT)),
        (Action.APPROVE_REDACTION, lambda one, by: approve(one, by=by, at=OPENS_AT)),
        (Action.APPROVE_REDACTION, lambda one, by: refuse(one, words="So", by=by, at=OPENS_AT)),
        (Action.APPROVE_REDACTION, lambda one, by: show_again(one, by=by, at=OPENS_AT)),
    ],
)
def test_each_step_needs_its_right(response, action, does):
    proposed = make_proposed(response, "Leeds")
    person = make_user(Role.MANAGER)
    withhold(person, action)
    with pytest.raises(RedactionRefused) as refused:
        does(proposed, person)
    assert refused.value.message.startswith("You may not")


def test_steps_go_on_record_without_the_words(response, ann, bea):
    hidden = make_redaction(response, "Leeds", by=ann, approver=bea)
    for end in (keep_hidden, show_again):
        ask_back(hidden, words="It is a town", by=ann, at=OPENS_AT)
        end(hidden, by=bea, at=OPENS_AT)
    said, knows = (make_proposed(response, words, by=ann) for words in ("said", "knows"))
    refuse(said, words="It is not", by=bea, at=OPENS_AT)
    withdraw(knows, by=ann, at=OPENS_AT)
    events = AuditEvent.objects.filter(action__startswith="redaction").order_by("pk")
    assert [(one.action, one.actor) for one in events] == [
        (AuditAction.REDACTION_PROPOSED, ann),
        (AuditAction.REDACTION_APPROVED, bea),
        (AuditAction.REDACTION_BACK_ASKED, ann),
        (AuditAction.REDACTION_KEPT, bea),
        (AuditAction.REDACTION_BACK_ASKED, ann),
        (AuditAction.REDACTION_TAKEN_BACK, bea),
        (AuditAction.REDACTION_PROPOSED, ann),
        (AuditAction.REDACTION_PROPOSED, ann),
        (AuditAction.REDACTION_REFUSED, bea),
        (AuditAction.REDACTION_TAKEN_BACK, ann),
    ]
    assert all(set(one.detail) == set(events[0].detail) for one in events)
    assert events[0].detail == events[5].detail
    assert events[0].detail == {
        "redaction": hidden.pk,
        "version": 1,
        "question": "story",
        "passage": [13, 18],
        "reason": "third_person",
    }


def test_same_words_of_a_later_version_are_hidden_as_it_comes_in(response):
    make_redaction(response, "Jo Bloggs")
    second = STORY.rindex("Leeds") - 1  # of the text with LF
    make_redaction(response, "Leeds knows")
    amended(response, story="Before. " + STORY)
    assert states(latest(response)) == [
        (RedactionState.APPROVED, 8, 17),
        (RedactionState.APPROVED, second + 8, second + 19),
    ]
    assert readable_answers(latest(response))["story"] == (
        "Before. █████████\nof Leeds 😎 said so. ███████████."
    )


def test_answer_that_is_unchanged_keeps_its_redaction(response):
    make_redaction(response, "of Leeds")
    amended(response, commissioner_view="At the same place", roles=["commissioner"])
    assert states(latest(response)) == [(RedactionState.APPROVED, 10, 18)]
    response = Submission.objects.get(pk=response.pk)
    assert make_proposed(response, "place", key="commissioner_view").start == 12


def test_which_of_several_places_is_hidden_stays_so(response):
    amended(response, story="Leeds, Leeds, Leeds")
    response = Submission.objects.get(pk=response.pk)
    version = response.current_version
    version.submission = response
    propose_and_approve(response, 7, 12)
    amended(response, story="See Leeds, Leeds, Leeds")
    assert readable_answers(latest(response))["story"] == "See Leeds, █████, Leeds"


def propose_and_approve(response, start, end):
    version = latest(response)
    question = response.call.questions.get(key="story")
    proposed = propose(
        version=version,
        question=question,
        start=start,
        end=end,
        reason=RedactionReason.AUTHOR,
        by=make_user(Role.REVIEWER),
        at=OPENS_AT,
    )
    approve(proposed, by=make_user(Role.REVIEWER), at=OPENS_AT)
    return proposed


def test_answer_that_lost_its_redaction_is_hidden_whole_until_two_decide(response, ann, bea):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="J. Bloggs again")
    assert states(latest(response)) == [(RedactionState.LOST, 0, 15)]
    assert readable_answers(latest(response))["story"] == "█" * 15
    amended(response, story="Joseph B.")
    lost = Redaction.objects.get(version=latest(response))
    assert readable_answers(latest(response))["story"] == "█" * 9
    ask_back(lost, words="No name is in it", by=ann, at=OPENS_AT)
    show_again(lost, by=bea, at=OPENS_AT)
    assert readable_answers(latest(response))["story"] == "Joseph B."


def test_words_that_move_into_another_answer_hide_that_one(response):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="Gone.", commissioner_view="Ask Jo Bloggs.", roles=["commissioner"])
    shown = readable_answers(latest(response))
    assert (shown["story"], shown["commissioner_view"]) == ("█" * 5, "█" * 14)


def test_answer_that_is_taken_out_leaves_nothing_to_hide(response):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="", commissioner_view="As one.", roles=["commissioner"])
    assert states(latest(response)) == []


def test_words_that_come_back_after_their_answer_was_taken_out_are_hidden(response):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="", commissioner_view="As one.", roles=["commissioner"])
    amended(response, story="By Jo Bloggs.")
    assert readable_answers(latest(response))["story"] == "By █████████."
    amended(response, story="By Jo Bloggs!")
    assert states(latest(response)) == [(RedactionState.APPROVED, 3, 12)]


def test_words_that_come_back_after_the_whole_answer_was_shown_are_hidden(response, ann, bea):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="Nobody.")
    lost = Redaction.objects.get(version=latest(response))
    ask_back(lost, words="No name is in it", by=ann, at=OPENS_AT)
    show_again(lost, by=bea, at=OPENS_AT)
    amended(response, story="By Jo Bloggs.")
    assert readable_answers(latest(response))["story"] == "By █████████."


def test_words_that_come_back_in_another_answer_hide_that_one(response):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="Nobody.")
    amended(response, commissioner_view="Ask Jo Bloggs.", roles=["commissioner"])
    shown = readable_answers(latest(response))
    assert (shown["story"], shown["commissioner_view"]) == ("█" * 7, "█" * 14)


def test_words_that_two_people_showed_again_stay_shown_in_later_versions(response, ann, bea):
    make_redaction(response, "Jo Bloggs")
    amended(response, story="By Jo Bloggs.")
    carried = Redaction.objects.get(version=latest(response))
    ask_back(carried, words="They agreed", by=ann, at=OPENS_AT)
    show_again(carried, by=bea, at=OPENS_AT)
    for story in ("By Jo Bloggs!", "Nobody.", "Jo Bloggs"):
        amended(response, story=story)
        assert readable_answers(latest(response))["story"] == story


def test_approval_reaches_words_that_came_back(response):
    proposed = make_proposed(response, "Jo Bloggs")
    amended(response, story="", commissioner_view="As one.", roles=["commissioner"])
    amended(response, story="By Jo Bloggs.")
    approve(proposed, by=make_user(Role.MANAGER), at=OPENS_AT)
    assert readable_answers(latest(response))["story"] == "By █████████."


def test_approval_on_an_earlier_version_reaches_the_later_ones(response):
    proposed = make_proposed(response, "Jo Bloggs")
    amended(response, story="By Jo Bloggs")
    amended(response, story="By Jo Bloggs.")
    assert readable_answers(latest(response))["story"] == "By Jo Bloggs."
    approve(proposed, by=make_user(Role.MANAGER), at=OPENS_AT)
    assert readable_answers(latest(response))["story"] == "By █████████."


def test_earlier_versions_that_have_the_words_hide_them_too(response):
    amended(response, story="By Jo Bloggs, once.")
    amended(response, story="By nobody.")
    amended(response, story="By Jo Bloggs, once more.")
    response = Submission.objects.get(pk=response.pk)
    make_redaction(response, "Jo Bloggs")
    shown = [readable_answers(version)["story"] for version in response.versions.all()]
    assert shown == [
        STORY.replace("\r\n", "\n").replace("Jo Bloggs", "█████████"),
        "By █████████, once.",
        "By nobody.",
        "By █████████, once more.",
    ]


def test_version_before_that_has_the_words_hides_them_too(response):
    amended(response, story="Again. " + STORY)
    response = Submission.objects.get(pk=response.pk)
    make_redaction(response, "Jo Bloggs")
    before, after = [readable_answers(one)["story"] for one in response.versions.all()]
    assert (before[:9], after[:16]) == ("█████████", "Again. █████████")
    assert [one.state for one in Redaction.objects.all()] == [RedactionState.APPROVED] * 2


def test_passage_of_an_earlier_version_is_not_proposed(response):
    before = response.current_version
    amended(response, story="Leeds alone")
    with pytest.raises(RedactionRefused, match="another version"):
        make_proposed(response, "Jo", version=before)


def test_passage_of_a_withdrawn_response_is_not_proposed(response):
    amending.withdraw(submission=response, at=while_open(response.call))
    with pytest.raises(RedactionRefused, match="not among those that count"):
        make_proposed(response, "Jo")


def test_passage_of_a_file_is_hidden_in_its_text(call):
    response = given_file(call, b"Ask Jo Bloggs.")
    given = {"key": "documents", "file_text": file_text_of(response)}
    make_redaction(response, "Jo Bloggs", **given)
    with pytest.raises(RedactionRefused, match="hidden already"):
        make_proposed(response, "Bloggs", **given)
    assert readable_file_text(file_text_of(response)) == "Ask █████████."
    assert file_text_of(response).text == "Ask Jo Bloggs."


def test_who_may_not_open_files_does_not_decide_about_words_in_one(call, ann, bea):
    response = given_file(call, b"Ask Jo Bloggs.")
    given = {"key": "documents", "file_text": file_text_of(response)}
    waiting = make_proposed(response, "Jo Bloggs", **given)
    hidden = make_redaction(response, "Ask", **given)
    ask_back(hidden, words="So", by=ann, at=OPENS_AT)
    assert set(waiting_for(bea)) == {waiting, hidden}
    withhold(bea, Action.OPEN_FILES)
    assert set(waiting_for(bea)) == set()
    asked = {"by": bea, "at": OPENS_AT}
    for decide in (
        lambda: approve(waiting, **asked),
        lambda: refuse(waiting, words="No", **asked),
        lambda: show_again(hidden, **asked),
        lambda: keep_hidden(hidden, **asked),
    ):
        with pytest.raises(RedactionRefused) as refused:
            decide()
        assert refused.value.message == "It is in a file, and you may not open files in this call"
    with pytest.raises(RedactionRefused, match="You may not open files"):
        make_proposed(response, "Bloggs.", by=bea, **given)


def test_file_in_the_place_of_one_with_hidden_words_is_withheld(call, ann, bea):
    response = given_file(call, b"Ask Jo Bloggs.")
    make_redaction(response, "Jo Bloggs", key="documents", file_text=file_text_of(response))
    replace_file(response, b"Ask J. Bloggs.")
    assert readable_file_text(latest(response).attachments.get().extracted) == "█" * 14
    lost = Redaction.objects.get(version=latest(response))
    ask_back(lost, words="Read", by=ann, at=OPENS_AT)
    show_again(lost, by=bea, at=OPENS_AT)
    assert readable_file_text(latest(response).attachments.get().extracted) == "Ask J. Bloggs."
    amended(response, story="Another word")
    assert states(latest(response)) == []


def replace_file(response, content):
    at = while_open(response.call)
    amending.reopen(submission=response, at=at)
    file = response.current_version.attachments.get()
    attaching.detach(submission=response, public_id=file.public_id, at=at)
    make_attachment(response, content=content)
    submitting.submit(submission=response, at=at)
    reading_due_files.read_due(now=wall_now, until=lambda: False)


def test_file_that_is_given_beside_the_one_with_hidden_words_is_not_withheld(call, ann):
    response = given_file(call, b"Ask Jo Bloggs.")
    make_redaction(response, "Jo Bloggs", key="documents", file_text=file_text_of(response))
    at = while_open(call)
    amending.reopen(submission=response, at=at)
    make_attachment(response, name="more.txt", content=b"More.")
    submitting.submit(submission=response, at=at)
    assert states(latest(response)) == []
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    # A passage of the other file, and one of the file as if it were an answer to another question.
    for key, end in (("documents", 14), ("story", 5)):
        with pytest.raises(RedactionRefused, match="not within the text"):
            propose(
                version=latest(response),
                question=call.questions.get(key=key),
                file_text=latest(response).attachments.get(name="more.txt").extracted,
                start=0,
                end=end,
                reason=RedactionReason.AUTHOR,
                by=ann,
                at=OPENS_AT,
            )


def test_text_of_a_file_with_a_redaction_is_not_read_anew(call, monkeypatch):
    response = given_file(call, b"Ask Jo Bloggs.")
    make_redaction(response, "Jo Bloggs", key="documents", file_text=file_text_of(response))
    monkeypatch.setattr(reading_due_files, "RULES", reading_due_files.RULES + 1)
    assert not reading_due_files.due(wall_now()).exists()


def test_erasing_a_response_deletes_its_redactions(call):
    response = given_file(call, b"Ask Jo Bloggs.")
    make_redaction(response, "Jo Bloggs", key="documents", file_text=file_text_of(response))
    make_redaction(response, "Words", key="story")
    other = make_submitted(call, story=STORY)
    make_redaction(other, "Leeds")
    erase(response, at=while_open(call))
    assert [one.version.submission for one in Redaction.objects.all()] == [other]
    assert [one.version.submission for one in RedactedVersion.objects.all()] == [other]
    assert not RedactedFileText.objects.exists()


def test_erasing_who_answered_empties_what_staff_wrote_with_a_name(call, bea):
    response = make_submitted(call, story=STORY, email="jo@example.org")
    hidden = make_redaction(
        response, "Leeds", reason=RedactionReason.OTHER, words="Asked by Jo@example.org"
    )
    asked_back = make_redaction(response, "said")
    ask_back(asked_back, words="Jo@example.org says so", by=bea, at=OPENS_AT)
    given = {"reason": RedactionReason.OTHER, "words": "As jo@example.org said"}
    of_another = make_redaction(make_submitted(call, story=STORY), "Leeds", **given)
    erase(response, at=while_open(call), scope=ErasureScope.IDENTITY)
    for one in (hidden, asked_back, of_another):
        one.refresh_from_db()
    assert hidden.words == asked_back.back_words == "Erased: it named who answered."
    assert of_another.words == "As jo@example.org said"
