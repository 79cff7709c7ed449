"""The threat model names tests that exist, ASVS every requirement, and what is yours is listed."""

import re
from collections import Counter
from pathlib import Path

from django.apps import apps

from accounts.models import User
from submissions.responses.models import Attachment, Submission, Version
from tests.architecture.test_promises import exists

ROOT = Path(__file__).parents[2]
DATA_PROTECTION = ROOT / "docs" / "data-protection"
SECURITY = ROOT / "docs" / "security"
ASVS = (SECURITY / "asvs.md").read_text(encoding="utf-8")
NUMBERS = (Path(__file__).parent / "asvs_5_0_0_levels_1_and_2.txt").read_text().split()
YOURS = re.compile(r"\[Yours (\d+)\]\(([^)#]+)#what-remains-yours\)")
MARKED = [*DATA_PROTECTION.glob("*.md"), *SECURITY.glob("*.md"), ROOT / "SECURITY.md"]


def rows_of(text, *heads):
    """The cells of the rows of each table whose head begins with one of `heads`."""
    rows, is_wanted = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("|"):
            is_wanted = False
        elif cells[0] in heads:
            is_wanted = True
        elif is_wanted and not line.startswith("| ---"):
            rows.append(cells)
    return rows


THREATS = rows_of((SECURITY / "threat-model.md").read_text(encoding="utf-8"), "threat")


def test_threats_have_tests_that_exist():
    assert len(THREATS) > 20
    assert [row for row in THREATS if len(row) != 3] == []
    keepers = {threat: re.findall(r"`([^`]+)`", kept_by) for threat, _, kept_by in THREATS}
    assert [threat for threat, kept_by in keepers.items() if "::" not in "".join(kept_by)] == []
    assert [one for kept_by in keepers.values() for one in kept_by if not exists(one)] == []


def test_asvs_has_each_requirement_of_levels_1_and_2_once_and_in_order():
    assert len(NUMBERS) == 253
    assert [row[0] for row in rows_of(ASVS, "number")] == NUMBERS


def test_each_requirement_has_a_verdict_and_a_reason():
    rows = rows_of(ASVS, "number")
    assert {len(row) for row in rows} == {4}
    assert {row[2] for row in rows} == {"met", "not met", "not applicable"}
    assert [row[0] for row in rows if len(row[3]) < 4] == []


def test_asvs_says_how_many_are_met():
    counted = Counter(row[2] for row in rows_of(ASVS, "number"))
    said = f"{counted['met']} met, {counted['not met']} not met, {counted['not applicable']} not"
    assert f"Of {len(NUMBERS)} requirements: {said} applicable." in ASVS


def test_record_of_processing_names_each_table_that_leads_to_somebody():
    record = (DATA_PROTECTION / "record-of-processing.md").read_text(encoding="utf-8")
    leading = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model in {User, Submission, Version, Attachment}
    }
    assert len(leading) > 40
    assert leading - set(re.findall(r"`(\w+)`", record)) == set()


def test_what_is_yours_is_listed_and_each_of_it_is_named_somewhere():
    readme = (DATA_PROTECTION / "README.md").read_text(encoding="utf-8")
    listed = [int(row[0]) for row in rows_of(readme, "number")]
    assert listed == list(range(1, len(listed) + 1))
    named = set()
    for path in MARKED:
        for number, leads in YOURS.findall(path.read_text(encoding="utf-8")):
            named.add(int(number))
            assert (path.parent / leads).resolve() == DATA_PROTECTION / "README.md", path.name
    assert named == set(listed)


def test_what_is_yours_has_one_mark():
    for path in MARKED:
        text = YOURS.sub("", path.read_text(encoding="utf-8"))
        assert re.findall(r"Yours\W*\d", text) == [], path.name
        assert re.findall(r"(?i)\b(to be completed|tbc|tbd|fill in here)\b", text) == [], path.name
