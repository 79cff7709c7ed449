"""What pip-audit says is read as it is: a hole fails, and what nobody was asked is no pass."""

import json
from pathlib import Path

import pytest

from devserver import auditing
from devserver.auditing import read, verdict

ROOT = Path(__file__).parents[2]
SOUND = {"name": "sound", "version": "1.0", "vulns": []}
SKIPPED = {"name": "celery", "skip_reason": "Dependency not found on PyPI"}
HOLED = {
    "name": "django",
    "version": "5.2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["5.2.1"]}],
}


def said(*dependencies, is_required):
    return verdict(read(json.dumps({"dependencies": dependencies})), is_required=is_required)


def test_known_hole_fails_whoever_asks():
    hole = "django 5.2: PYSEC-1, mended in 5.2.1"
    assert said(SOUND, HOLED, is_required=False) == (hole, 1)
    assert said(SOUND, HOLED, is_required=True) == (hole, 1)


@pytest.mark.parametrize("named", ["PYSEC-1", "CVE-1"])
def test_hole_passes_as_an_exception_by_any_of_its_names(monkeypatch, named):
    monkeypatch.setitem(auditing.EXCEPTIONS, named, "the function is never called")
    assert said(HOLED, is_required=True) == ("1 versions have no known holes.", 0)


def test_each_exception_says_why():
    assert [one for one, why in auditing.EXCEPTIONS.items() if len(why) < 20] == []


@pytest.mark.parametrize("answer", ["", "Traceback", '{"dependencies": []}', "[]"])
def test_machine_without_the_index_says_so_and_fails_only_where_it_must_ask(answer):
    words = "Nothing was audited: the package index gave no advisories to this machine."
    assert verdict(read(answer), is_required=False) == (words, 0)
    assert verdict(read(answer), is_required=True) == (words, 1)


def test_index_that_knows_no_version_audits_nothing():
    words = "Nothing was audited: the package index gave no advisories to this machine."
    assert said(SKIPPED, is_required=False) == (words, 0)
    assert said(SKIPPED, is_required=True) == (words, 1)


def test_version_that_the_index_does_not_know_is_named():
    left_out = "1 versions have no known holes; the index knows nothing of 1."
    assert said(SOUND, SKIPPED, is_required=False) == (left_out, 0)
    assert said(SOUND, SKIPPED, is_required=True) == ("Not audited: celery.", 1)


def test_forges_workflow_must_ask_the_index():
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    assert f"          {auditing.REQUIRED}: required  #" in workflow


def test_every_pinned_version_is_in_what_is_audited():
    def pinned(name):
        lines = (ROOT / name).read_text().splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line and line[0].isalnum()}

    for name in ("requirements.txt", "requirements-local.txt"):
        assert pinned(name) - pinned(auditing.EVERYTHING) == set()
