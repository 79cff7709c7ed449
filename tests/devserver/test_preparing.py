"""What the first start and each later one bring up to date."""

import pytest
from django.core.management import CommandError

from devserver.preparing import load
from submissions.calls.models import Call
from submissions.responses import drafting
from tests.makers import SMALL, while_open

pytestmark = pytest.mark.django_db


def changed(folder):
    path = folder / "small.toml"
    path.write_text(SMALL.read_text().replace('kind = "radio"', 'kind = "checkboxes"', 1))
    return path


def test_call_that_was_answered_stays_as_it_is_and_the_start_goes_on(tmp_path, capsys):
    load(SMALL)
    call = Call.objects.get()
    draft = drafting.start(call=call, at=while_open(call))
    drafting.save_answers(
        submission=draft, call=call, values={"size": "large"}, at=while_open(call)
    )
    load(changed(tmp_path))
    assert Call.objects.get().questions_by_key["size"].kind == "radio"
    assert "small.toml: the call stays as it was answered." in capsys.readouterr().err


def test_file_with_a_fault_ends_the_start(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(SMALL.read_text().replace("slug", "slog", 1))
    with pytest.raises(CommandError):
        load(path)
