"""Every command of Dockerfile and docker-compose.yml does its work, in production's settings.

The tests of this folder share one deployment, and each leaves it running.
"""

import json
import shlex
import subprocess
import uuid
from contextlib import closing
from http.client import HTTPConnection

import psycopg2
import pytest
from django.core.management import call_command
from pyrage import x25519

from backups import reports
from devserver.children import engine_account, run_to_completion, wait_until
from devserver.folders import RunFolder
from devserver.postgres import PROGRAMS, copy_programs
from evidence_portal import health
from tests.another_database import connected_to
from tests.containers.conftest import BARE, DATABASE, HOST, PARTS, ask, free_port, manifest
from tests.containers.declared import ROOT, compose

MAIL_SERVER = "smtp://127.0.0.1:9"
WEB = ["python", "-m", "evidence_portal.web"]


def test_image_build_collects_the_static_files_under_names_by_content(image_files):
    named = manifest(image_files)["css/portal.css"]
    assert named != "css/portal.css"
    assert (image_files / "static" / named).read_bytes() == (
        image_files / "portal" / "static" / "css" / "portal.css"
    ).read_bytes()


def test_image_holds_no_tests_no_secrets_and_no_history(image_files):
    written_by_python = {"__pycache__"}
    assert {path.name for path in (image_files / "portal").iterdir()} - written_by_python == {
        "accounts",
        "backups",
        "core",
        "evidence_portal",
        "exports",
        "personal_data",
        "rehearsal",
        "retention",
        "review",
        "submissions",
        "templates",
        "static",
        "locale",
        "manage.py",
        "gunicorn.conf.py",
        "requirements.txt",
        # The extras, of which a build argument chooses.
        "requirements-research.txt",
        "requirements-s3.txt",
    }


def test_web_server_speaks_to_its_proxy(deployed):
    page = ask(deployed.web_port, "/privacy/", **{"X-Forwarded-Proto": "https"})
    assert page[0] == 200
    assert page[1]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert 'lang="en' in page[2]


def test_web_server_sends_plain_http_to_https(deployed):
    status, headers, _ = ask(deployed.web_port, "/privacy/")
    assert (status, headers["Location"]) == (301, f"https://{HOST}/privacy/")


def test_web_server_believes_no_proxy_that_is_not_named(deployed):
    other = HTTPConnection("127.0.0.1", deployed.web_port, source_address=("127.0.0.2", 0))
    with closing(other):
        other.request("GET", "/privacy/", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
        answer = other.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/privacy/")


def test_client_moves_no_page_to_another_path(deployed):
    """Caddy passes a header SCRIPT_NAME on, and gunicorn would believe a proxy's."""
    through_proxy = {"X-Forwarded-Proto": "https"}
    here = ask(deployed.web_port, "/privacy/", **through_proxy, SCRIPT_NAME="/privacy")
    assert here[0] == 200
    assert ask(deployed.web_port, "/x/privacy/", **through_proxy, SCRIPT_NAME="/x")[0] == 404


def test_web_server_serves_the_stylesheet_for_good(deployed, image_files):
    named = manifest(image_files)["css/portal.css"]
    status, headers, _ = ask(
        deployed.web_port, f"/static/{named}", **{"X-Forwarded-Proto": "https"}
    )
    assert (status, headers["Cache-Control"]) == (200, "max-age=315360000, public, immutable")


def test_web_server_refuses_another_host(deployed):
    assert ask(deployed.web_port, "/healthz/", Host="attacker.example")[0] == 400
    assert "Invalid HTTP_HOST header: 'attacker.example'" in deployed.log("web")


def test_every_part_is_healthy_and_ready(deployed):
    parts = ("database", "schema", "clock", "uploads", "broker", "worker", "beat", "mail")
    lines = "".join(f"{part}: ok\n" for part in parts)
    ready = (200, f"ready\n{lines}evidence: not checked yet\nrecord: ok\n")
    # The worker's sign of life may end before it gives the next, while beat has just begun.
    wait_until(lambda: ask(deployed.web_port, "/readyz/")[::2] == ready, seconds=60, pause=0.5)
    assert ask(deployed.web_port, "/readyz/")[::2] == ready
    for name in PARTS:
        deployed.wait_for_health(name)
    asked = deployed.run(
        ["python", "-m", "evidence_portal.health", "parts"], **deployed.environment("web")
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, ready[1], "")


def test_worker_sends_what_is_due(deployed, reference):
    mails = deployed.folder / "mail"
    assert reference in next(mails.iterdir()).read_text()
    # It logs in the portal's own format, after the last mail of the run.
    line = " INFO submissions.mail.tasks mail: 1 sent,"
    assert wait_until(lambda: line in deployed.log("worker"), seconds=10, pause=0.2)


def test_statement_that_fails_is_not_quoted_in_postgres_log(deployed):
    typed = f"typed {uuid.uuid4()}"
    with pytest.raises(psycopg2.Error):
        deployed.query(f"SELECT '{typed}' FROM no_such_table")
    log = deployed.log("postgres")
    assert 'relation "no_such_table" does not exist' in log
    assert typed not in log


def test_postgres_health_check_tells_a_server_from_none(deployed):
    words = compose_test(deployed, "postgres")
    assert words[0] == "pg_isready"
    program = str(PROGRAMS / "bin" / "pg_isready")
    there = deployed.postgres.url(DATABASE).rpartition("host=")[2]
    for host, code in ((there, 0), (str(deployed.folder), 2)):
        command = [program, *words[1:]]
        command[command.index("--host") + 1] = host
        assert subprocess.run(command, env=BARE, check=False).returncode == code


def guide_line(beginning):
    """The words of the one command of the operators' guide that begins so."""
    guide = (ROOT / "docs" / "guides" / "operators.md").read_text()
    lines = [line for line in guide.splitlines() if line.startswith(beginning)]
    assert len(lines) == 1
    return shlex.split(lines[0].removeprefix(beginning))


@pytest.mark.usefixtures("reference")
def test_backup_of_the_guide_can_be_restored(deployed):
    *dump, arrow, file = guide_line("docker compose exec -T postgres pg_dump ")
    assert (arrow, file) == (">", "evidence.dump")
    *restore, arrow, file = guide_line("docker compose exec -T postgres pg_restore ")
    assert (arrow, file) == ("<", "evidence.dump")
    assert (dump[-1], restore[-1]) == (DATABASE, DATABASE)
    sockets = deployed.postgres.url(DATABASE).rpartition("host=")[2]
    # The embedded server has one account; the container's is named as in the guide.
    here = [f"--host={sockets}"]
    for words in (dump, restore):
        words[words.index("--username") + 1] = "postgres"
    saved = subprocess.run(
        [PROGRAMS / "bin" / "pg_dump", *here, *dump], env=BARE, capture_output=True, check=False
    )
    assert (saved.returncode, saved.stderr) == (0, b"")
    deployed.postgres.make_database("restored")
    restore[-1] = "restored"
    for _ in range(2):  # into an empty database, and over one that is there
        discard_changes = subprocess.run(
            [PROGRAMS / "bin" / "pg_restore", *here, *restore],
            env=BARE,
            input=saved.stdout,
            capture_output=True,
            check=False,
        )
        assert (discard_changes.returncode, discard_changes.stderr) == (0, b"")
    versions = "SELECT canonical_text, sha256 FROM submissions_version"
    restored = deployed.query(versions, database="restored")
    assert restored == deployed.query(versions)
    assert len(restored) == 1
    with pytest.raises(psycopg2.errors.CheckViolation):
        deployed.query("UPDATE submissions_version SET words = 0", database="restored")


@pytest.mark.usefixtures("reference")
def test_backup_of_its_service_is_restored_by_the_two_roles(deployed, django_db_blocker):
    """As the guide has it: with an owner and a serving role, in production's settings.

    The drill has no key on the server, and leaves no database behind.
    """
    secret = x25519.Identity.generate()
    folder, recipient = deployed.folder / "backups", str(secret.to_public())
    there = {"PORTAL_BACKUPS": str(folder)}
    environment = deployed.environment("backup", **there, BACKUP_RECIPIENTS=recipient)
    # As the container does it each hour.
    with django_db_blocker.unblock(), connected_to(deployed.postgres.url(DATABASE)):
        call_command("backup", "--erasures", to=folder, recipient=[recipient])
    command = deployed.services["backup"]["command"]
    assert command[-2:] == ["--nightly", "02:30"]
    databases = "SELECT datname FROM pg_database ORDER BY 1"
    before = deployed.query(databases)
    made = deployed.run([*command[:-2], "--drill"], **environment)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1].endswith(": 1 version checked, 0 problems.")
    assert deployed.query(databases) == before
    report = deployed.folder / "uploads" / reports.NAMES[reports.Kind.DRILL][0]
    assert json.loads(report.read_text())["is_good"]
    deployed.postgres.make_database("again")
    identity = deployed.folder / "identity"
    identity.write_text(f"{secret}\n")
    there = {
        "DATABASE_URL": deployed.postgres.url("again", role="evidence_portal"),
        "PORTAL_MEDIA": str(deployed.folder / "uploads-again"),
    }
    owner = {"MIGRATION_DATABASE_URL": deployed.postgres.url("again")}
    words = ["python", "manage.py", "restore", "--identity", str(identity)]
    restored = deployed.run(words, **environment | there | owner)
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stdout
    assert restored.stdout.endswith("1 version and 0 files checked, 0 problems.\n")
    # Whoever deploys is warned of nothing. The deployment itself writes its mail into a folder.
    checked = deployed.run(
        ["python", "manage.py", "check", "--deploy", "--database", "default"],
        **deployed.environment("web", **there, EMAIL_URL=MAIL_SERVER),
    )
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


def compose_test(stack, name):
    return stack.services[name]["healthcheck"]["test"][1:]


def test_broker_health_check_tells_a_server_from_none(deployed):
    words = [
        word.replace("127.0.0.1/6379", f"127.0.0.1/{free_port()}")
        for word in compose_test(deployed, "redis")
    ]
    assert deployed.check_health("redis") == 0
    assert deployed.run(words, **BARE).returncode == 1


def test_web_server_without_its_settings_says_so_in_one_line(deployed):
    environment = deployed.environment("web") | {"SECRET_KEY": ""}
    refused = deployed.run([*WEB, "--bind", "127.0.0.1:0"], **environment)
    assert refused.returncode == 1
    assert refused.stderr == (
        "SECRET_KEY is not set. Make one with: "
        "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'\n"
    )


@pytest.mark.parametrize("words", [[], ["nothing"], ["web", "worker"]])
def test_health_check_of_nothing_known_is_a_usage_error(capsys, words):
    assert health.main(words) == 2
    assert capsys.readouterr().err == (
        "usage: python -m evidence_portal.health web|worker|beat|parts\n"
    )


def test_database_is_made_by_the_arguments_given_to_the_image(stack):
    """initdb takes them, and sorts and compares as the embedded server does."""
    blanks = dict.fromkeys(
        ("SECRET_KEY", "PORTAL_URL", "POSTGRES_PASSWORD", "POSTGRES_PORTAL_PASSWORD", "EMAIL_URL"),
        "x",
    )
    service = compose(**blanks)["services"]["postgres"]
    run = RunFolder()
    account = engine_account()
    try:
        data = run.make("initdb", account) / "data"
        programs = copy_programs(run)
        code, said = run_to_completion(
            [
                str(programs / "bin" / "initdb"),
                *("-D", str(data), "-U", service["environment"]["POSTGRES_USER"]),
                *("-A", "trust", "--no-sync", "--no-instructions"),
                *service["environment"]["POSTGRES_INITDB_ARGS"].split(),
            ],
            env=BARE,
            cwd=data.parent,
            account=account,
        )
    finally:
        run.remove()
    assert code == 0, said
    assert "locale provider:   builtin" in said
    locales = "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database"
    assert stack.query(f"{locales} WHERE datname = '{DATABASE}'") == [("b", "C.UTF-8", "UTF8")]
