"""How long an export takes is said before it starts."""

import pytest
from django.core.management import call_command

from exports import durations
from exports.durations import SECONDS, minutes, say_duration
from exports.formats import FORMATS
from tests.exports.runs import make_run
from tests.makers import make_call, make_submitted

PAGE = "/steering/the-call/exports/"


@pytest.mark.parametrize(
    ("rows", "number", "said"),
    [
        (0, 0, ""),
        (5_999, 0, ""),
        (6_000, 1, "About 1 minute."),
        (6_001, 2, "About 2 minutes."),
        (20_000, 4, "About 4 minutes."),
    ],
)
def test_minutes_are_rounded_up_and_less_than_one_is_not_told(rows, number, said, monkeypatch):
    monkeypatch.setitem(SECONDS, "pdf-each", 10.0)
    assert minutes("pdf-each", rows) == number
    assert say_duration("pdf-each", rows) == said


def test_formats_with_a_duration_are_formats():
    assert set(SECONDS) <= set(FORMATS)
    assert minutes("dictionary", 10_000_000) == 0


@pytest.mark.django_db
def test_page_says_it_beside_the_format_and_the_page_of_the_export_while_it_runs(
    steering, monkeypatch
):
    call = make_call(slug="the-call")
    make_submitted(call)
    monkeypatch.setitem(durations.SECONDS, "bundle", 130_000.0)
    page = steering.get(PAGE).content.decode()
    assert page.count("About 3 minutes.") == 1
    run = make_run(call, by=steering.user, file_format="bundle", rows_total=1)
    own = f"{PAGE}{run.public_id}/"
    assert "<p>It takes about 3 minutes.</p>" in steering.get(own).content.decode()
    short = make_run(call, by=steering.user, file_format="docx-each", rows_total=1)
    assert "It takes about" not in steering.get(f"{PAGE}{short.public_id}/").content.decode()


@pytest.mark.django_db
def test_command_says_it_before_it_writes(tmp_path, capsys, monkeypatch):
    call = make_call()
    make_submitted(call)
    monkeypatch.setitem(durations.SECONDS, "json", 130_000.0)
    path = tmp_path / "all.jsonl"
    call_command("export_responses", call=call.slug, format="json", output=str(path))
    assert capsys.readouterr().err.splitlines()[0] == "1 response: about 3 min"
    assert path.read_text().count("\n") == 1
