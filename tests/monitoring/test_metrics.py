"""/metrics/ counts what it says, names nobody, and is closed to strangers."""

import errno
import json
import re
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from core import disk_reserve
from core.broker import broker
from core.heartbeats import beat_lives
from tests.makers import make_call, make_draft, make_submitted, make_user, while_open
from tests.submissions.respondent.answering import address, start_with

pytestmark = pytest.mark.django_db
MONITORING = Path(__file__).parents[2] / "deploy" / "monitoring"
NAME = re.compile(r"\bportal_[a-z_]+")


def read(client, **headers):
    """Each sample's value by its name and labels."""
    answer = client.get("/metrics/", **headers)
    assert answer.status_code == 200
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(
    "sent",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"HTTP_AUTHORIZATION": "Bearer wrong"},
    ],
)
def test_strangers_are_refused(client, settings, sent):
    settings.MONITORING_TOKEN = "a" * 32
    assert client.get("/metrics/", **sent).status_code == 403


def test_signing_in_gives_no_right_to_it(client, settings):
    client.force_login(make_user(is_superuser=True))
    assert client.get("/metrics/", REMOTE_ADDR="192.0.2.7").status_code == 403


def test_monitoring_reads_it_from_elsewhere_with_the_token(client, settings):
    settings.MONITORING_TOKEN = "a" * 32
    sent = {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer " + "a" * 32}
    assert read(client, **sent)["portal_database_up",] == 1


def test_prometheus_asks_a_pod_by_its_address(client, settings):
    settings.MONITORING_TOKEN = "a" * 32
    settings.ALLOWED_HOSTS = ["evidence.example.org", "10.244.1.7"]
    sent = {"REMOTE_ADDR": "192.0.2.7", "HTTP_AUTHORIZATION": "Bearer " + "a" * 32}
    assert read(client, HTTP_HOST="10.244.1.7:8000", **sent)["portal_database_up",] == 1
    assert client.get("/metrics/", HTTP_HOST="10.244.1.8:8000", **sent).status_code == 400


def test_responses_are_counted_by_call_and_state(client):
    submitted = make_submitted()
    make_draft(submitted.call)
    make_draft(submitted.call)
    samples = read(client)
    slug = ("call", submitted.call.slug)
    assert samples["portal_responses", slug, ("state", "submitted")] == 1
    assert samples["portal_responses", slug, ("state", "draft")] == 2


def test_mail_files_and_disk_are_told(client, settings, monkeypatch):
    make_submitted()
    settings.DISK_RESERVE_MB = 7
    samples = read(client)
    assert samples["portal_mails", ("state", "waiting")] >= 1
    assert samples["portal_disk_reserve_bytes",] == 7 * 1024 * 1024
    free = samples.pop(("portal_disk_free_bytes",))
    assert free == pytest.approx(disk_reserve.free_bytes(), rel=0.2)

    def refuse():
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(disk_reserve, "folder", refuse)
    told = read(client).keys()
    assert ("portal_disk_free_bytes",) not in told
    # The reading before may be the first that is counted itself.
    assert samples.keys() - told == set()
    client.force_login(make_user(is_superuser=True))
    page = client.get("/admin/").content.decode()
    assert "The disk of files does not answer (Stale file handle)." in page


def test_parts_that_live_are_told(client):
    with broker() as redis:
        beat_lives(redis)
    samples = read(client)
    assert samples["portal_part_up", ("part", "broker")] == 1
    assert samples["portal_part_up", ("part", "beat")] == 1
    assert samples["portal_part_up", ("part", "worker")] == 0


def test_saves_and_refusals_are_counted(client, at):
    call = make_call()
    at(while_open(call))
    before = read(client)
    start_with(client, call, story="")
    client.post(address(call, "response/evidence/"), {"story": "Mine", "action": "save"})
    at(call.closes_at)
    client.post(address(call, "response/check/"))
    after = read(client)
    for sample in (
        ("portal_saves_total", ("outcome", "left")),
        ("portal_refusals_total", ("reason", "closed")),
    ):
        assert after[sample] - before.get(sample, 0) == 1


def test_answers_are_counted_by_page_and_never_by_address(client):
    client.get("/calls/someone/")
    client.generic("BREW", "/nowhere/someone/")
    answer = client.get("/metrics/").content.decode()
    assert "someone" not in answer
    assert 'portal_answers_total{method="other",page="none",status="404"}' in answer
    assert 'page="call",status="404"' in answer


def test_database_that_is_away_is_told_and_nothing_made_up(client, monkeypatch):
    def refuse():
        raise OperationalError("away")

    monkeypatch.setattr(connection, "cursor", refuse)
    samples = read(client)
    assert samples["portal_database_up",] == 0
    assert not any(name.startswith("portal_mails") for name, *_ in samples)


def test_each_alarm_says_where_to_look():
    (group,) = YAML(typ="safe").load((MONITORING / "alerts.yml").read_text())["groups"]
    summaries = {rule["alert"]: rule["annotations"]["summary"] for rule in group["rules"]}
    where = re.compile(r"Look at |See “|Make room where|The log has|says why\.")
    assert [name for name, said in summaries.items() if not where.search(said)] == []


def test_alarms_and_the_dashboard_name_metrics_that_are_there(client, settings):
    settings.BACKUP_RECIPIENTS = ["age1"]
    make_submitted()
    client.get("/nowhere/")
    there = {name for name, *_ in read(client)}
    # Counted once something happened.
    there |= {"portal_saves_total", "portal_refusals_total", "portal_exports", "portal_files"}
    for file in ("alerts.yml", "dashboard.json"):
        text = (MONITORING / file).read_text(encoding="utf-8")
        named = set(NAME.findall(text))
        assert named != set()
        assert named - there == set(), file
    json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))


def expressions():
    """Each expression of the dashboard and of the alarms."""
    dashboard = json.loads((MONITORING / "dashboard.json").read_text(encoding="utf-8"))
    (group,) = YAML(typ="safe").load((MONITORING / "alerts.yml").read_text())["groups"]
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [rule["expr"] for rule in group["rules"]]


def test_what_every_web_server_says_of_the_database_is_not_added_up():
    counted_by_each = {"portal_answers_total", "portal_answer_seconds_bucket"}
    counted_by_each |= {"portal_saves_total", "portal_refusals_total"}
    for asked in expressions():
        added = re.findall(
            r"\bsum(?: by \([^)]*\))? ?\((?:rate|increase)?\(?(portal_[a-z_]+)", asked
        )
        assert set(added) <= counted_by_each, asked
    dashboard = (MONITORING / "dashboard.json").read_text(encoding="utf-8")
    gauges = set(NAME.findall(dashboard)) - counted_by_each
    for name in gauges:  # one line, however many web servers there are
        assert re.search(rf"\b(?:max|min)(?: by \([^)]*\) )?\({name}\b", dashboard), name
