"""The commands of the guide for analysts, taken out of it and run against a portal."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from submissions.responses.models import Submission
from tests.exports.api.pulling import make_token
from tests.exports.api.test_pages import withdraw
from tests.makers import make_call, make_submitted
from tests.programs import find_or_skip, skip_for_want_of

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "programs.md"
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.no_cover]


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
    return found


@pytest.fixture
def portal(live_server, tmp_path):
    """A call with two responses, and what its analyst's programs are started with."""
    call = make_call()
    responses = [make_submitted(call, story=f"Stôry {number}") for number in (1, 2)]
    _token, secret = make_token(call)
    environment = os.environ | {
        "PORTAL_TOKEN": secret,
        "PORTAL_ADDRESS": f"{live_server.url}/api/v1/calls/{call.slug}/responses",
        "NO_PROXY": "*",
    }

    def run(*command):
        return subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60
        )

    return responses, run, tmp_path


def test_curl_fetches_a_page(portal):
    find_or_skip("curl", package="curl")
    responses, run, folder = portal
    done = run("sh", "-c", block("sh"))
    assert (done.returncode, done.stderr) == (0, "")
    lines = (folder / "responses.jsonl").read_text().splitlines()
    assert [json.loads(line)["reference"] for line in lines] == [r.reference for r in responses]
    assert "Next-Cursor:" in (folder / "headers.txt").read_text()


def test_python_keeps_a_copy_up_to_date_and_says_what_is_wrong(portal):
    responses, run, folder = portal
    program = folder / "pull.py"
    program.write_text(block("python"))
    first = run(sys.executable, str(program))
    assert (first.stdout, first.stderr) == ("2 responses\n", "")
    assert {path.name for path in folder.iterdir()} == {"pull.py", "copy.json"}
    withdraw(responses[0])
    Submission.objects.filter(pk=responses[1].pk).update(triage_status="considered")
    second = run(sys.executable, str(program))
    assert (second.stdout, second.stderr) == ("1 responses\n", "")
    (kept,) = json.loads((folder / "copy.json").read_text())["responses"].values()
    assert (kept["reference"], kept["status"]) == (responses[1].reference, "considered")
    responses[0].call.questions.filter(key="age").update(identity=True)
    third = run(sys.executable, str(program))
    assert (third.stdout, third.stderr) == ("1 responses\n", "")
    (kept,) = json.loads((folder / "copy.json").read_text())["responses"].values()
    assert "age" not in kept["answers"]
    done = run("env", "PORTAL_TOKEN=evp_wrong", sys.executable, str(program))
    assert done.returncode == 1
    assert "wrong, over or revoked" in done.stderr


SHOWN = """
kept <- readRDS("copy.rds")
table <- as_table(kept$lines)
has_age <- "age" %in% names(table$answers)
cat(paste(table$reference, table$status, nchar(table$answers$story), has_age))
"""


def test_r_keeps_no_row_of_what_was_withdrawn_and_says_what_is_wrong(portal):
    """In each locale it fetches all, and goes on with the copy of the other."""
    responses, run, folder = portal
    (folder / "pull.R").write_text(block("r"))
    (folder / "shown.R").write_text(block("r") + SHOWN)

    def pulled(program, *, locale):
        rscript = shutil.which("Rscript")
        done = rscript and run("env", f"LC_ALL={locale}", rscript, program)
        if not done or "there is no package called" in done.stderr:
            skip_for_want_of(
                "R with httr2 and jsonlite",
                remedy="on Debian, as root: apt install r-base-core r-cran-httr2 r-cran-jsonlite",
            )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    gone, stays = responses
    assert pulled("pull.R", locale="C.UTF-8") == "2 responses\n"
    withdraw(gone)
    Submission.objects.filter(pk=stays.pk).update(triage_status="considered")
    said = pulled("shown.R", locale="C")
    assert said == f"1 responses\n{stays.reference} considered 7 TRUE"
    gone.call.questions.filter(key="age").update(identity=True)
    said = pulled("shown.R", locale="C")  # which fetches all anew, as the questions changed
    assert said == f"1 responses\n{stays.reference} considered 7 FALSE"
    withdraw(stays)
    assert pulled("pull.R", locale="C.UTF-8") == "0 responses\n"
    done = run("env", "PORTAL_TOKEN=evp_wrong", "Rscript", "pull.R")
    assert done.returncode == 1
    assert "wrong, over or revoked" in " ".join(done.stderr.split())
