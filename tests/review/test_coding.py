import pytest

from accounts.states import Role
from review.coding.codings import code_passage, quote
from review.errors import CodingRefused
from review.models import Code, Coding
from submissions.responses.models import Submission
from submissions.responses.states import SubmissionState
from tests.makers import OPENS_AT, make_call, make_code, make_submitted, make_user


@pytest.mark.django_db
def test_codes_stand_in_the_order_in_which_they_were_added_among_their_siblings():
    call = make_call()
    first = make_code(call=call, name="  Zeal \n of teams ")
    second = make_code(call=call, name="Apathy")
    child = make_code(call=call, name="Below", parent=first)
    assert (first.name, first.position, second.position, child.position) == (
        "Zeal of teams",
        0,
        1,
        0,
    )
    assert list(Code.objects.filter(call=call, parent=None)) == [first, second]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "said"),
    [(" ", "Enter the name of the code"), ("APATHY", "There is a code “Apathy” already")],
)
def test_code_without_a_name_of_its_own_is_refused(name, said):
    call = make_call()
    make_code(call=call, name="Apathy")
    with pytest.raises(CodingRefused) as refused:
        make_code(call=call, name=name)
    assert refused.value.message == said


@pytest.mark.django_db
def test_code_above_is_one_of_the_same_call():
    other = make_code(call=make_call(), name="Elsewhere")
    with pytest.raises(CodingRefused):
        make_code(call=make_call(), name="Here", parent=other)


def coded(response, *, start=0, end=3, by, code, key="story"):
    return code_passage(
        code=code,
        version=response.current_version,
        question=response.call.questions.get(key=key),
        start=start,
        end=end,
        by=by,
        at=OPENS_AT,
    )


@pytest.mark.django_db
def test_passage_is_counted_in_codepoints_and_coded_once_a_person():
    call = make_call()
    response = make_submitted(call, story="\U0001f600e\u0301 paid")
    code = make_code(call=call, name="Pay")
    ada, bea = make_user(Role.CODER), make_user(Role.CODER)
    coding = coded(response, start=3, end=7, by=ada, code=code)
    assert quote(coding) == "paid"
    assert coded(response, start=3, end=7, by=ada, code=code) == coding
    assert coded(response, start=3, end=7, by=bea, code=code) != coding
    assert Coding.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 1), (-1, 2), (0, 6), (5, 6)])
def test_passage_outside_the_answer_is_refused(start, end):
    call = make_call()
    response = make_submitted(call, story="Words")
    with pytest.raises(CodingRefused):
        coded(
            response,
            start=start,
            end=end,
            by=make_user(Role.CODER),
            code=make_code(call=call, name="A"),
        )


@pytest.mark.django_db
def test_code_of_another_call_and_a_withdrawn_response_are_refused():
    call = make_call()
    response = make_submitted(call, story="Words")
    with pytest.raises(CodingRefused):
        coded(response, by=make_user(Role.CODER), code=make_code(call=make_call(), name="A"))
    Submission.objects.filter(pk=response.pk).update(
        state=SubmissionState.WITHDRAWN, withdrawn_at=OPENS_AT
    )
    response = Submission.objects.get(pk=response.pk)
    with pytest.raises(CodingRefused):
        coded(response, by=make_user(Role.CODER), code=make_code(call=call, name="A"))
