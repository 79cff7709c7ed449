"""What the documents name exists, and what they tell people to type works."""

import re
import shlex
import stat
import struct
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.db import connection

from devserver.rehearsal import DEFAULT_FROM
from submissions.mail.providers import SIGNED_WITH
from tests.containers.declared import compose

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if not path.name.startswith(".")
)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<path>[^)]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# A name in backticks is a path of ours if it begins with one of these.
OUR_FOLDERS = tuple(
    f"{path.name}/" for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."
)
LARGEST_IMAGE = 150_000  # bytes
# Which variables the containers' engines and this machine's set-up read, and not the portal.
NOT_READ_BY_SETTINGS = {
    *("BACKUP_FOLDER", "COMPOSE_PROFILES", "CREDENTIALS_DIRECTORY", "PORT", "REQUIREMENTS"),
    *("POSTGRES_PASSWORD", "POSTGRES_MEMORY", "WEB_MEMORY"),
}


def named(path):
    return str(path.relative_to(ROOT))


def prose(path):
    return FENCED.sub("", path.read_text())


def typed_lines():
    """(document, line) for each command line that a document shows."""
    for path in DOCUMENTS:
        for language, block in FENCED.findall(path.read_text()):
            if language:
                continue
            for line in block.splitlines():
                if re.match(r"(script/|docker |cp |chmod |git |\S*python )", line):
                    yield named(path), line


def management_commands():
    """(document, words after manage.py) in command lines and in backticks."""
    texts = [*typed_lines()]
    texts += [(named(path), code) for path in DOCUMENTS for code in CODE.findall(prose(path))]
    for document, text in texts:
        found = re.search(r"manage\.py\s+(\w.*)", text)
        if found:
            yield document, found[1].partition(" > ")[0].partition(" < ")[0]


def test_links_of_documents_lead_somewhere():
    links = [(path, link) for path in DOCUMENTS for link in LINK.findall(path.read_text())]
    here = [(path, link) for path, link in links if "://" not in link]
    dead = [(named(path), link) for path, link in here if not (path.parent / link).exists()]
    assert dead == []


def test_paths_named_in_documents_exist():
    documents_of = defaultdict(set)
    for path in DOCUMENTS:
        for code in CODE.findall(prose(path)):
            if code.startswith((*OUR_FOLDERS, "script/")):
                name = code.rstrip("/").partition(" ")[0].partition("::")[0]
                documents_of[name].add(named(path))
    missing = {name: where for name, where in documents_of.items() if not [*ROOT.glob(name)]}
    assert missing == {}


def test_readme_names_the_two_commands_first():
    lines = [line for document, line in typed_lines() if document == "README.md"]
    assert lines[:2] == ["script/server", "script/test"]


def test_scripts_named_in_documents_can_be_run():
    scripts = {
        word for _, line in typed_lines() for word in line.split() if word.startswith("script/")
    } | {
        code.split()[0]
        for path in DOCUMENTS
        for code in CODE.findall(prose(path))
        if code.startswith("script/")
    }
    assert {"script/server", "script/test", "script/lock", "script/screenshots"} <= scripts
    for script in scripts:
        assert (ROOT / script).stat().st_mode & stat.S_IXUSR, script


def test_management_commands_of_documents_take_these_arguments():
    commands = get_commands()
    for document, words in sorted(set(management_commands())):
        name, *arguments = shlex.split(words)
        assert name in commands, f"{document} names manage.py {name}"
        command = load_command_class(commands[name], name)
        if arguments:
            try:
                command.create_parser("manage.py", name).parse_args(arguments)
            except (CommandError, SystemExit) as error:
                pytest.fail(f"{document} has manage.py {words}: {error}")


def test_documents_name_the_commands_that_a_call_needs():
    names = {words.split()[0] for _, words in management_commands()}
    assert {"load_call", "seed_responses", "createsuperuser"} <= names


def test_docker_commands_of_documents_name_services_that_exist():
    variables = (
        "SECRET_KEY",
        "PORTAL_URL",
        "POSTGRES_PASSWORD",
        "POSTGRES_PORTAL_PASSWORD",
        "EMAIL_URL",
    )
    services = set(compose(**dict.fromkeys(variables, "x"))["services"])
    shown = [line for _, line in typed_lines() if line.startswith("docker")]
    assert shown != []
    for line in shown:
        words = line.split()
        assert words[1] == "compose", line
        assert words[2] in {"build", "up", "stop", "exec", "run", "ps", "logs"}, line
        if words[2] == "stop":
            assert set(words[3:]) <= services, line
        if words[2] in {"exec", "run"}:
            values = {words[i + 1] for i, word in enumerate(words) if word == "--volume"}
            plain = [w for w in words[3:] if not w.startswith("-") and w not in values]
            assert plain[0] in services, line


@pytest.mark.django_db
def test_constraints_named_in_documents_are_in_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint UNION SELECT relname FROM pg_class "
            "UNION SELECT tgname FROM pg_trigger UNION SELECT proname FROM pg_proc"
        )
        there = {name for (name,) in cursor.fetchall()}
    stated = {
        code
        for path in DOCUMENTS
        for code in CODE.findall(prose(path))
        if re.fullmatch(r"(submissions|accounts|review|exports)_[a-z]+_[a-z_]+", code)
    }
    assert stated - there == set()
    assert "submissions_version_before_deadline" in stated


def test_operators_guide_has_every_setting():
    guide = (ROOT / "docs" / "guides" / "operators.md").read_text()
    shown = set(re.findall(r"(?m)^\| `([A-Z0-9_]+)` \|", guide))
    portal = (ROOT / "evidence_portal").glob("*.py")
    settings = "".join(path.read_text() for path in portal)
    providers = (ROOT / "submissions" / "mail" / "providers.py").read_text()
    read = set(re.findall(r'read_\w+\(\s*"([A-Z0-9_]+)"', settings))
    read |= set(re.findall(r'environment\.get\("([A-Z_]+)"', providers)) | set(SIGNED_WITH.values())
    of_rehearsals = {"REHEARSE_FROM", "REHEARSE_STARTED_AT", "PORTAL_DATA"}
    assert read - of_rehearsals == shown - NOT_READ_BY_SETTINGS


def test_readme_says_where_the_rehearsal_starts():
    readme = " ".join((ROOT / "README.md").read_text().split())
    assert f"ten o'clock on {DEFAULT_FROM:%-d %B %Y}, a day before the call closes" in readme
    assert f"{DEFAULT_FROM:%H:%M %z}" == "10:00 +0100"


def images_shown():
    for path in DOCUMENTS:
        for image in IMAGE.finditer(path.read_text()):
            yield (path.parent / image["path"]).resolve(), image["alt"]


def test_every_image_is_shown_and_described():
    shown = dict(images_shown())
    assert set(shown) == set((ROOT / "docs" / "images").glob("*"))
    assert [path.name for path, alt in shown.items() if len(alt) < 10] == []


def test_images_are_small_pngs_of_a_window_or_a_phone():
    for path in (ROOT / "docs" / "images").glob("*"):
        head = path.read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n", path.name
        assert struct.unpack(">II", head[16:24]) in {(1280, 720), (320, 640)}, path.name
        assert path.stat().st_size <= LARGEST_IMAGE, path.name


def test_decisions_are_numbered_once_and_say_what_and_why():
    records = sorted((ROOT / "docs" / "decisions").iterdir())
    numbers = [path.name[:4] for path in records]
    assert len(numbers) == len(set(numbers))
    assert {f"{number:04}" for number in range(1, 10)} <= set(numbers)
    for path in records:
        text = path.read_text()
        assert text.startswith(f"# {int(path.name[:4])}. "), path.name
        assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
        assert "**Decided.**" in text, path.name
        assert "**Why.**" in text, path.name
