"""What the role of web, worker and beat cannot do, on a connection of its own."""

from contextlib import closing

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts import chain
from accounts.models import AuditEvent, AuditSeal
from accounts.record import record
from core import checks, database_roles
from tests.makers import OPENS_AT, make_user

OWNED = "must be owner of"
DENIED = "permission denied"
RECORD = "accounts_auditevent"


@pytest.fixture(scope="module")
def own(django_db_setup, django_db_blocker):
    """A connection as somebody has one who has read DATABASE_URL: not through Django."""
    with django_db_blocker.unblock():
        database_roles.grant("portal_tests")
        parameters = connection.get_connection_params() | {"user": "portal_tests"}
        connection.close()
    opened = psycopg2.connect(**parameters)
    opened.autocommit = True
    yield opened
    opened.close()


def started_with(*, of):
    """What a connection begins with through a pooler, which passes no options on."""
    parameters = {name: value for name, value in of.items() if name != "options"}
    with closing(psycopg2.connect(**parameters)) as opened, opened.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'),"
            " current_setting('idle_in_transaction_session_timeout')"
        )
        return cursor.fetchone()


def refusal(own, *statements):
    *before, last = statements
    with own.cursor() as cursor:
        for statement in before:
            cursor.execute(statement)
        with pytest.raises(psycopg2.Error) as refused:
            cursor.execute(last)
    return str(refused.value).splitlines()[0]


@pytest.mark.parametrize(
    "table",
    [
        RECORD,
        "accounts_auditseal",
        "submissions_version",
        "submissions_version_attachments",
        "submissions_versionidentity",
        "submissions_closingchange",
    ],
)
def test_what_stands_is_neither_changed_nor_emptied(own, table):
    denied = f"{DENIED} for table {table}"
    column = "sha256" if table == "accounts_auditseal" else "id"
    column = "answers" if table == "submissions_versionidentity" else column
    assert refusal(own, f"UPDATE {table} SET {column} = {column}") == denied
    assert refusal(own, f"DELETE FROM {table}") == denied
    assert refusal(own, "SET portal.purging = 'on'", f"DELETE FROM {table}") == denied
    assert refusal(own, f"TRUNCATE {table} CASCADE") == denied
    assert refusal(own, f"SELECT FROM {table} FOR UPDATE") == denied


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        (f"ALTER TABLE {RECORD} DISABLE TRIGGER USER", f"{OWNED} table {RECORD}"),
        (
            f"ALTER TABLE {RECORD} DISABLE TRIGGER accounts_auditevent_stands",
            f"{OWNED} table {RECORD}",
        ),
        (f"DROP TRIGGER accounts_auditevent_stands ON {RECORD}", f"{OWNED} relation {RECORD}"),
        (f"ALTER TABLE {RECORD} ADD more text", f"{OWNED} table {RECORD}"),
        (f"ALTER TABLE {RECORD} OWNER TO portal_tests", f"{OWNED} table {RECORD}"),
        (f"DROP TABLE {RECORD}", f"{OWNED} table {RECORD}"),
        (
            f"CREATE RULE away AS ON INSERT TO {RECORD} DO INSTEAD NOTHING",
            f"{OWNED} table {RECORD}",
        ),
        (
            "CREATE OR REPLACE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql "
            "AS 'BEGIN RETURN NEW; END'",
            f"{DENIED} for schema public",
        ),
        (
            "SET session_replication_role = replica",
            f'{DENIED} to set parameter "session_replication_role"',
        ),
        ("SET ROLE postgres", f'{DENIED} to set role "postgres"'),
        ("SET SESSION AUTHORIZATION postgres", f'{DENIED} to set session authorization "postgres"'),
        ("GRANT postgres TO portal_tests", f'{DENIED} to grant role "postgres"'),
        ("ALTER ROLE portal_tests SUPERUSER", f"{DENIED} to alter role"),
        ("CREATE TABLE mine (id int)", f"{DENIED} for schema public"),
        (
            f"INSERT INTO {RECORD} (id, at, action, detail) VALUES (1, now(), 'exported', '{{}}')",
            f"{DENIED} for table {RECORD}",
        ),
        (
            "INSERT INTO accounts_auditseal VALUES (9, 9, '', '', now())",
            f"{DENIED} for table accounts_auditseal",
        ),
        ("COMMENT ON TABLE django_migrations IS ''", f"{OWNED} table django_migrations"),
        ("DELETE FROM django_migrations", f"{DENIED} for table django_migrations"),
        (
            "SELECT setval('exports_change_number', 1)",
            f"{DENIED} for sequence exports_change_number",
        ),
        (
            "COPY accounts_auditevent TO PROGRAM 'true'",
            f"{DENIED} to COPY to or from an external program",
        ),
    ],
)
def test_serving_role_gets_no_further(own, statement, refused):
    assert refusal(own, statement) == refused


def test_serving_role_grants_itself_nothing(own):
    # PostgreSQL answers with a warning, as it may grant nothing of what was asked for.
    grant = f"GRANT ALL ON {RECORD} TO portal_tests"
    assert refusal(own, grant, f"DELETE FROM {RECORD}") == f"{DENIED} for table {RECORD}"


def test_serving_role_writes_the_record_and_seals_it(serving_role):
    record(by=make_user(), at=OPENS_AT, action="exported")
    record(by=None, at=OPENS_AT, action="exported")
    assert chain.seal() == 2
    assert list(chain.ChainCheck().problems()) == []
    assert (AuditEvent.objects.count(), AuditSeal.objects.count()) == (2, 2)


def test_rights_are_the_same_however_often_they_are_granted(serving_role):
    rights = (
        "SELECT table_name, privilege_type FROM information_schema.table_privileges "
        "WHERE grantee = 'portal_tests' ORDER BY 1, 2"
    )

    def granted():
        with connection.cursor() as cursor:
            cursor.execute(rights)
            return cursor.fetchall()

    first = granted()
    standing = {table for table, _ in first} - {t for t, right in first if right == "UPDATE"}
    assert standing == {
        RECORD,
        "accounts_auditseal",
        "django_migrations",
        "submissions_closingchange",
        "submissions_version",
        "submissions_version_attachments",
        "submissions_versionidentity",
    }
    connection.close()
    connection.settings_dict["USER"] = "postgres"
    database_roles.grant("portal_tests")
    connection.close()
    connection.settings_dict["USER"] = "portal_tests"
    assert granted() == first


def test_granting_ends_the_right_to_make_functions_that_the_owner_would_call(serving_role):
    """Every role has it in a database that was made before PostgreSQL 15."""
    connection.close()
    connection.settings_dict["USER"] = "postgres"
    with connection.cursor() as cursor:
        cursor.execute("GRANT CREATE ON SCHEMA public TO PUBLIC")
    database_roles.grant("portal_tests")
    connection.close()
    connection.settings_dict["USER"] = "portal_tests"
    assert database_roles.problem() == ""


def test_serving_role_alone_is_warned_of_nothing(client, serving_role):
    assert database_roles.problem() == ""
    assert checks.check_roles(databases=["default"]) == []
    assert "record: ok\n" in client.get("/readyz/").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("served_by_owner")
def test_one_role_for_everything_works_with_a_warning(client):
    said = "The portal connects to PostgreSQL as a superuser, so whoever breaks into the portal "
    [warning] = checks.check_roles(databases=["default"])
    assert (warning.id, warning.msg[: len(said)]) == ("core.W001", said)
    answer = client.get("/readyz/")
    assert f"record: warning: {said}" in answer.content.decode()


@pytest.mark.parametrize(
    ("made_by", "said"),
    [
        ("ALTER TABLE review_code OWNER TO {}", "as the owner of its tables"),
        (
            "GRANT UPDATE ON accounts_auditevent TO {}",
            "The portal's role may change rows that stand",
        ),
        ("ALTER SCHEMA public OWNER TO {}", "may make or drop tables in the schema public"),
        ("GRANT CREATE ON SCHEMA public TO {}", "may make or drop tables in the schema public"),
        (
            "DO 'BEGIN EXECUTE format($$ALTER DATABASE %I OWNER TO {}$$, current_database()); END'",
            "may make or drop tables in the schema public",
        ),
    ],
)
def test_role_that_could_alter_the_record_is_told_of(transactional_db, made_by, said):
    database_roles.grant("portal_tests")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(made_by.format("portal_tests"))
        cursor.execute("SET LOCAL ROLE portal_tests")
        assert said in database_roles.problem()
        transaction.set_rollback(True)


def test_migrate_works_as_the_owner_and_lets_a_new_role_serve(transactional_db, settings):
    """As an installation is upgraded that had one role: two settings, and `migrate`."""
    owner = {name: connection.settings_dict[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}
    settings.MIGRATION_DATABASE = owner
    connection.close()
    connection.settings_dict |= {"USER": "portal_new", "PASSWORD": "of the new one"}
    try:
        with pytest.raises(Exception, match='role "portal_new" does not exist'):
            AuditEvent.objects.count()
        for _ in range(2):
            call_command("migrate", verbosity=0)
            assert AuditEvent.objects.count() == 0
        assert database_roles.problem() == ""
        assert started_with(of=connection.get_connection_params()) == ("10s", "10min")
    finally:
        connection.close()
        connection.settings_dict |= owner
        with connection.cursor() as cursor:
            cursor.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'portal_new'")
            assert cursor.fetchone()[0].startswith("SCRAM-SHA-256$")
            cursor.execute("DROP OWNED BY portal_new; DROP ROLE portal_new")


def test_owner_that_may_make_no_role_says_what_to_run(transactional_db):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_plain")
        cursor.execute("SET LOCAL ROLE portal_plain")
        with pytest.raises(CommandError, match="CREATE ROLE portal_new LOGIN PASSWORD"):
            database_roles.grant("portal_new")
        transaction.set_rollback(True)


def test_role_sets_its_own_time_outs_where_the_owner_may_not(transactional_db):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_plain")
        cursor.execute("CREATE ROLE portal_other")
        cursor.execute("SET LOCAL ROLE portal_plain")
        assert database_roles.set_time_outs("portal_other") is False
        assert database_roles.set_time_outs() is True
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT rolname::text, setconfig FROM pg_db_role_setting"
            " JOIN pg_roles ON oid = setrole WHERE rolname IN ('portal_plain', 'portal_other')"
        )
        assert cursor.fetchall() == [
            ("portal_plain", ["lock_timeout=10s", "idle_in_transaction_session_timeout=10min"])
        ]
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_connection_that_waits_for_ever_is_told_of():
    assert checks.check_time_outs(databases=["default"]) == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = 0")
    [warning] = checks.check_time_outs(databases=["default"])
    assert (warning.id, warning.msg) == (
        "core.W002",
        "The portal's role has no lock_timeout in this database, so one transaction that stops "
        "can hold up every submission. Run: python manage.py migrate",
    )
