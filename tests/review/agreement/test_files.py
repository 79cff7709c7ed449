"""Agreement about what was read of files, over those who had it open."""

import pytest

from accounts.models import Membership, User
from accounts.states import Action, Role
from core.clock import wall_now
from review.agreement.coding_differences import differences
from review.agreement.comparing import compare
from review.agreement.deciding import Decision, decide
from review.agreement.figures import By, figures
from review.coding.codings import code_passage
from review.coding.decided import standing_codings
from review.errors import CodingRefused
from review.models import Coding, CodingDecision, FileText
from review.texts import reading_due_files
from submissions.responses.submitting import submit
from tests.makers import complete_answers, make_attachment, make_code, make_draft, while_open
from tests.review.agreement.codings import be_done, draw
from tests.review.coding_pages import coder, signed_in

TEXT = "Fair pay 😎.\nRivals share."


@pytest.fixture
def response(call):
    draft = make_draft(call, **complete_answers(call, story="Nothing coded here."))
    make_attachment(draft, name="notes.txt", content=TEXT.encode())
    response = submit(submission=draft, at=while_open(call)).submission
    reading_due_files.read_due(now=wall_now, until=lambda: False)
    return response


@pytest.fixture
def rita(call):
    return coder(call, "rita", Role.REVIEWER)


@pytest.fixture
def coded(call, response, ada, bea, rita, boss):
    """Rita and boss may open files, Ada and Bea may not; Rita coded the first sentence."""
    sample = draw(call, [ada, bea, rita, boss], boss)
    text = FileText.objects.get()
    code_passage(
        code=make_code(call=call, name="Pay"),
        version=response.current_version,
        question=text.attachment.question,
        start=0,
        end=11,
        file_text=text,
        by=rita,
        at=while_open(call),
    )
    be_done(sample, ada, bea, rita, boss)
    return sample


def test_text_of_a_file_is_compared_between_those_who_may_open_it(coded):
    pay = figures(compare(coded), By.SENTENCE)[1]
    pairs = {f"{one.first}-{one.second}": one.units for one in pay.pairs_of_coders}
    assert (pairs["boss-rita"], pairs["ada-rita"], pairs["ada-bea"]) == (3, 1, 1)
    assert (pay.units, pay.coded) == (3, 1)


def test_difference_in_a_file_is_for_who_may_open_files(coded, call, boss):
    (one,) = differences(compare(coded))
    assert (one.quote, one.text.file_text) == ("Fair pay 😎.", FileText.objects.get())
    wanted = Decision(frozenset(), "No", None)
    listed = f"/admin/review/codingsample/{coded.pk}/differences/"
    shown = signed_in(boss).get(listed).content.decode()
    assert "Fair pay" in shown
    assert "in the file notes.txt" in shown
    Membership.objects.filter(person=boss).update(without=[Action.OPEN_FILES])
    boss = User.objects.get(pk=boss.pk)
    shown = signed_in(boss).get(listed).content.decode()
    assert "Fair pay" not in shown
    # The boss, who may open no files any more, is not compared there; nobody else had it open.
    assert differences(compare(coded)) == []
    other = coder(call, "cleo", Role.REVIEWER)
    decide_at = while_open(call)
    with pytest.raises(CodingRefused, match="do not differ at this passage any more"):
        decide(coded, one, wanted=wanted, by=other, at=decide_at)


def test_decision_about_a_file_counts_codings_of_it_alone(coded, call, response, boss, rita):
    (one,) = differences(compare(coded))
    Coding.objects.create(
        code=Coding.objects.get().code,
        version=response.current_version,
        question=one.text.question,
        start=0,
        end=11,
        by=rita,
        at=while_open(call),
    )
    decide(coded, one, wanted=Decision(frozenset(), "No", None), by=boss, at=while_open(call))
    assert [coding.file_text for coding in standing_codings(Coding.objects.all())] == [None]
    assert CodingDecision.objects.get().file_text == FileText.objects.get()


def test_who_may_not_open_files_neither_reads_nor_decides_about_one(coded, call, rita):
    chief = coder(call, "chief", Role.MANAGER)
    Membership.objects.filter(person=chief).update(without=[Action.OPEN_FILES])
    chief = User.objects.get(pk=chief.pk)
    (one,) = differences(compare(coded))
    with pytest.raises(CodingRefused, match="You may not open files"):
        decide(coded, one, wanted=Decision(frozenset(), "No", None), by=chief, at=while_open(call))
    listed = f"/admin/review/codingsample/{coded.pk}/differences/"
    shown = signed_in(chief).get(listed).content.decode()
    assert "Fair pay" not in shown
    assert "1 of files is not shown: you may not open files." in shown
    version, question, file, start, end = one.where
    place = f"{listed}{version}-{question}-{file}-{start}-{end}/"
    assert signed_in(chief).get(place).status_code == 404
    assert signed_in(rita).get(place).status_code == 200
