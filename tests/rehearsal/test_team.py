"""The made-up team that codes fake responses."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Membership, User
from accounts.states import REHEARSAL_EMAIL_DOMAIN
from review.agreement.summary import agreement_of
from review.coding.decided import standing_codings
from review.models import (
    Code,
    Coding,
    CodingDecision,
    CodingSample,
    Finding,
    FindingPassage,
    Memo,
    Note,
    Quote,
)
from tests.makers import make_call, make_first_call, make_user

pytestmark = pytest.mark.django_db


def run(**options):
    out = StringIO()
    call_command("seed_responses", stdout=out, **options)
    return out.getvalue()


def test_team_codes_differs_and_decides_once_and_again():
    call = make_first_call()
    line = run(count=6, seed=5, team=True).splitlines()[1]
    (found,) = agreement_of(call, reader=make_user(is_superuser=True))
    quotes = FindingPassage.objects.count()
    codings = Coding.objects.exclude(by__username="fake-lead").count()
    assert line == (
        f"a made-up team coded 6 of them: {codings} passages, {found.differing} sentences "
        f"differently, {found.decided} of them decided, {quotes} quotes in 2 findings"
    )
    assert found.coders == ["fake-coder-1", "fake-coder-2"]
    assert 0 < found.decided < found.differing
    assert 0 < found.by_sentence.alpha.value < 1
    assert standing_codings(Coding.objects.all()).count() < Coding.objects.count()
    assert Note.objects.count() == 2
    people = User.objects.filter(email__endswith=REHEARSAL_EMAIL_DOMAIN)
    assert [person.has_usable_password() for person in people] == [False] * 4
    findings = Finding.objects.order_by("position")
    assert [one.status for one in findings] == ["agreed", "draft"]
    assert all(one.strength is not None for one in findings)
    assert 0 < quotes < Quote.objects.count()  # some authors allow no quotation
    assert Memo.objects.count() == 3

    # It codes again by the same codebook, and decides anew what it decided before.
    codes, members = Code.objects.count(), Membership.objects.count()
    run(count=0, seed=5, team=True)
    assert (Code.objects.count(), Membership.objects.count()) == (codes, members)
    assert CodingSample.objects.count() == 2
    assert CodingDecision.objects.exclude(replaces=None).exists()


def test_without_it_nobody_codes():
    make_first_call()
    run(count=2, seed=5)
    assert not Code.objects.exists()


def test_team_without_two_responses_is_refused():
    make_call(slug="only")
    with pytest.raises(CommandError) as refused:
        run(count=1, seed=5, team=True)
    assert str(refused.value) == (
        "The responses are there, but a team needs 2 responses to code, and there are 1."
    )
    assert not CodingSample.objects.exists()
    assert not User.objects.filter(username="fake-lead").exists()


def test_team_writes_up_as_few_responses_as_there_are():
    make_first_call()
    line = run(count=2, seed=1, team=True).splitlines()[1]
    assert line.removesuffix("s").endswith(f" in {Finding.objects.count()} finding")
