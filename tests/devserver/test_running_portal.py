import pytest

from devserver import running_portal
from devserver.folders import FileLock
from devserver.running_portal import PLACEHOLDERS, complete_environment

PUBLISHED = {"PORTAL_ENV": "local", "DATABASE_URL": "postgresql://postgres@/x?host=/y"}


@pytest.fixture
def running(tmp_path):
    lock = FileLock(running_portal.lock_in(tmp_path))
    lock.take("http://127.0.0.1:8000")
    running_portal.publish(tmp_path, PUBLISHED)
    yield tmp_path
    lock.release()


def test_command_joins_the_running_portal(running):
    environment = {"PORTAL_DATA": str(running)}
    assert complete_environment(environment, ["migrate"]) is None
    assert environment == {"PORTAL_DATA": str(running), **PUBLISHED}


@pytest.mark.parametrize(
    "given",
    [
        {"PORTAL_ENV": "production"},
        {"DATABASE_URL": "postgresql://u@h/n"},
        {"PORTAL_ENV": "test"},
        {"CREDENTIALS_DIRECTORY": "/run/secrets"},
    ],
)
def test_environment_that_says_where_it_is_stays_as_it_is(running, given):
    environment = {"PORTAL_DATA": str(running), **given}
    assert complete_environment(environment, ["migrate"]) is None
    assert environment == {"PORTAL_DATA": str(running), **given}


def test_published_environment_is_for_its_owner_only(running):
    assert running_portal.file_in(running).stat().st_mode & 0o777 == 0o600


def test_environment_left_by_a_killed_portal_is_not_used(tmp_path):
    running_portal.publish(tmp_path, PUBLISHED)
    running_portal.lock_in(tmp_path).write_text("1\nhttp://127.0.0.1:8000\n")
    environment = {"PORTAL_DATA": str(tmp_path)}
    assert complete_environment(environment, ["migrate"]) == (
        f"No portal runs on {tmp_path}. Start script/server in another terminal, set its "
        "PORTAL_DATA here as there, "
        "or set DATABASE_URL and the other settings (see .env.example)."
    )
    assert environment == {"PORTAL_DATA": str(tmp_path)}


@pytest.mark.parametrize(
    "arguments", [[], ["help"], ["makemigrations", "--check"], ["migrate", "--help"]]
)
def test_command_that_needs_no_database_runs_without_a_portal(tmp_path, arguments):
    environment = {"PORTAL_DATA": str(tmp_path)}
    assert complete_environment(environment, arguments) is None
    assert environment == {"PORTAL_DATA": str(tmp_path), **PLACEHOLDERS}
