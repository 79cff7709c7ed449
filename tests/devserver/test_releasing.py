import json

import pytest

from devserver import releasing
from devserver.releasing import main, release

DIGESTS = {"accounts.0001_users": "a" * 64}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A working tree with a changelog and a version; its programs are stood in for."""
    (tmp_path / "release.py").write_text('VERSION = "1.0.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 1.1.0\n\n- More.\n")
    released = tmp_path / "released.json"
    released.write_text(json.dumps(DIGESTS))
    monkeypatch.setattr(releasing, "RELEASE", tmp_path / "release.py")
    monkeypatch.setattr(releasing, "CHANGELOG", tmp_path / "CHANGELOG.md")
    monkeypatch.setattr(releasing, "RELEASED", released)
    compose = tmp_path / "docker-compose.yml"
    compose.write_text("  image: evidence-portal:1.0.0\n  image: postgres:18.6\n")
    monkeypatch.setattr(releasing, "TAGGED", {compose: "image: evidence-portal:"})
    (tmp_path / "1.0.0").mkdir()
    monkeypatch.setattr(releasing, "UPGRADES", tmp_path)
    said = {"git": "", "digests": json.dumps(DIGESTS | {"accounts.0004_more": "b" * 64})}

    def output(*words):
        said["ran"] = words
        return said["git" if words[0] == "git" else "digests"]

    monkeypatch.setattr(releasing, "_output", output)
    return tmp_path, said


def test_release_freezes_the_migrations_and_keeps_a_database(tree):
    folder, said = tree
    release("1.1.0")
    assert (folder / "release.py").read_text() == 'VERSION = "1.1.0"\n'
    tagged = "  image: evidence-portal:1.1.0\n  image: postgres:18.6\n"
    assert (folder / "docker-compose.yml").read_text() == tagged
    frozen = json.loads((folder / "released.json").read_text())
    assert sorted(frozen) == ["accounts.0001_users", "accounts.0004_more"]
    assert said["ran"][-2:] == ("tests.upgrades.dumps", "1.1.0")


@pytest.mark.parametrize(
    ("version", "said", "refusal"),
    [
        ("1.1", {}, "1.1 is not a version such as 1.1.0."),
        ("1.0.0", {}, "1.0.0 is not newer than the newest release."),
        ("0.9.0", {}, "0.9.0 is not newer than the newest release."),
        ("1.1.0", {"git": " M README.md"}, "Commit what is changed, or put it aside"),
        ("1.2.0", {}, "CHANGELOG.md has no heading “## 1.2.0”. Say what changes."),
        (
            "1.1.0",
            {"digests": json.dumps({"accounts.0001_users": "c" * 64})},
            "The released migration accounts.0001_users was changed. Restore it.",
        ),
        ("1.1.0", {"digests": "{}"}, "The released migration accounts.0001_users was changed."),
    ],
)
def test_release_is_refused_in_one_line_with_nothing_changed(tree, version, said, refusal, capsys):
    folder, programs = tree
    programs |= said
    assert main([version]) == 1
    assert capsys.readouterr().err.startswith(refusal)
    assert (folder / "release.py").read_text() == 'VERSION = "1.0.0"\n'
    assert json.loads((folder / "released.json").read_text()) == DIGESTS


def test_release_without_a_version_says_what_it_does(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == releasing.WHAT_IT_DOES
