"""What the first start and each later one bring up to date."""

import pytest
from django.core.management import CommandError

from devserver import preparing
from devserver.preparing import collect_static, load
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


def test_static_files_are_collected_again_when_one_changed_and_only_then(tmp_path, monkeypatch):
    styles = tmp_path / "static" / "css" / "portal.css"
    styles.parent.mkdir(parents=True)
    styles.write_text("a { color: red }")
    collected = []
    monkeypatch.setattr(preparing, "ROOT", tmp_path)
    monkeypatch.setattr(preparing, "call_command", lambda *name, **_options: collected.append(name))
    for _ in range(2):
        collect_static(tmp_path / "data" / "static")
        assert collected == [("collectstatic",)]
    styles.write_text("a { color: blue; }")
    collect_static(tmp_path / "data" / "static")
    assert collected == [("collectstatic",)] * 2
