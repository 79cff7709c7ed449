from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from submissions.responses.models import Submission
from tests.makers import make_call, make_first_call

pytestmark = pytest.mark.django_db


def run(**options):
    out = StringIO()
    call_command("seed_responses", stdout=out, **options)
    return out.getvalue()


def refusal(**options):
    with pytest.raises(CommandError) as refused:
        run(**options)
    assert Submission.objects.count() == 0
    return str(refused.value)


def test_one_line_says_what_was_added():
    make_first_call()
    line = run(count=20, drafts=3, seed=42)
    words = sorted(Submission.objects.submitted().values_list("current_version__words", flat=True))
    assert line == (
        "rebalancing-the-relationship: 20 fake responses and 3 drafts, seed 42; words: median "
        f"{round((words[9] + words[10]) / 2):,}, most {words[-1]:,}\n"
    )


def test_seed_is_drawn_and_told_if_none_is_given(monkeypatch):
    make_call(slug="only")
    monkeypatch.setattr("secrets.randbelow", lambda most: most - 1)
    assert run(count=0) == "only: 0 fake responses and 0 drafts, seed 999999\n"


def test_call_must_be_named_among_several():
    make_call(slug="one")
    make_call(slug="two")
    assert refusal(count=1) == "Name the call with --call SLUG (one, two)."
    assert refusal(count=1, call="three") == "There is no call “three” (one, two)."
    run(count=1, call="two")
    assert Submission.objects.get().call.slug == "two"


def test_no_call_is_one_line():
    assert refusal(count=1) == "Name the call with --call SLUG (none: load one with load_call)."


def test_used_seed_is_one_line():
    make_call(slug="only")
    run(count=1, seed=3)
    reference = Submission.objects.get().reference
    with pytest.raises(CommandError) as refused:
        run(count=2, seed=3)
    assert str(refused.value) == (
        f"{reference} is there already: seed 3 was used before, give another --seed."
    )


def test_number_below_nothing_is_refused():
    make_call()
    assert refusal(count=-1) == "--count and --drafts go from 0 to 1,000,000."


def test_production_gets_no_fake_responses(settings):
    settings.PRODUCTION = True
    make_call()
    assert refusal(count=1) == "Fake responses are not added in production."
