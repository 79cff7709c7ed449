"""The two roles of PostgreSQL: one owns the tables and migrates, the other serves and owns nothing.

DATABASE_URL names the serving role, MIGRATION_DATABASE_URL the owner. Without the latter there is
one role for both, which could alter the record; `problem` says so.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError
from django.db import ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import encrypt_password
from psycopg2.sql import SQL, Composed, Identifier, Literal

from core.time_outs import TIME_OUTS

SCHEMA = "public"
# Django's own list of migrations. Models say by `written_by_owner_only` that they are like it.
OF_THE_OWNER = frozenset({"django_migrations"})
GRANTING_LOCK = 5_283_304  # any number that no other advisory lock of this database has
WHY_NOT = (
    "{}, so whoever breaks into the portal could alter the record and the evidence. Set "
    "MIGRATION_DATABASE_URL to the owner and DATABASE_URL to another role, and run: python "
    "manage.py migrate"
)

# A trigger called `<table>_stands` or `<table>_stands_unless_...` says what stands: the serving
# role then has no right to DELETE, to UPDATE, or to both. PostgreSQL's bits of these are 8 and 16.
STANDS = """
SELECT FROM pg_trigger t
WHERE t.tgrelid = c.oid AND t.tgattr::text = '' AND t.tgtype & {bit} > 0
    AND starts_with(t.tgname, left(c.relname || '_stands', 63))
"""
TABLES = f"""
SELECT c.relname, EXISTS ({STANDS.format(bit=16)}), EXISTS ({STANDS.format(bit=8)}),
    ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
        AND NOT a.attisdropped AND a.attidentity = '')
FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind IN ('r', 'p')
    AND pg_has_role(c.relowner, 'USAGE')
"""  # noqa: S608 - of the constants above
# Those of identity columns need no right.
SEQUENCES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'S'
    AND pg_has_role(c.relowner, 'USAGE') AND NOT EXISTS (
        SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i')
"""
# What the owner lends: functions that run with its rights.
LENT = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = %s::regnamespace AND p.prosecdef AND p.prorettype <> 'trigger'::regtype
    AND pg_has_role(p.proowner, 'USAGE')
"""
MAY_STAND_IN_THE_WAY = (
    "The portal's role has no {} in this database, so one transaction that stops can hold up every "
    "submission. Run: python manage.py migrate"
)
PROBLEMS = f"""
SELECT
    (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
        OR has_parameter_privilege('session_replication_role', 'SET'),
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = %s::regnamespace
        AND pg_has_role(c.relowner, 'MEMBER')),
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = %s::regnamespace
        AND (EXISTS ({STANDS.format(bit=16)}) AND has_any_column_privilege(c.oid, 'UPDATE')
            OR EXISTS ({STANDS.format(bit=8)})
                AND has_table_privilege(c.oid, 'DELETE, TRUNCATE, TRIGGER'))),
    -- Who owns the schema, as the owner of the database does, may drop its tables. Who may make
    -- functions in it makes the owner's functions call theirs.
    EXISTS (SELECT FROM pg_namespace n WHERE n.oid = %s::regnamespace
        AND (pg_has_role(n.nspowner, 'MEMBER') OR has_schema_privilege(n.oid, 'CREATE')))
"""  # noqa: S608 - of the constants above


def is_apart() -> bool:
    """Return whether the settings name an owner beside the serving role."""
    return settings.MIGRATION_DATABASE is not None


def owns_tables() -> bool:
    """Return whether this connection's role has the rights of the owner of the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class"
            " WHERE oid = 'django_migrations'::regclass"
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def as_owner() -> Iterator[str]:
    """Connect this process as the owner meanwhile; yield the name of the serving role.

    Without MIGRATION_DATABASE_URL nothing changes, and the name is "".
    """
    owner = settings.MIGRATION_DATABASE
    if owner is None:
        yield ""
        return
    own = {name: connection.settings_dict[name] for name in owner}
    connection.close()
    connection.settings_dict.update(owner)
    try:
        yield own["USER"]
    finally:
        connection.close()
        connection.settings_dict.update(own)


def grant(role: str, *, password: str = "") -> None:
    """Let the role serve, and no more than that; make it if there is none.

    For the owner. It is the same however often it runs: after each migration, because a new table
    starts closed. Raises CommandError where the owner may not make roles.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRANTING_LOCK])
        _ensure(cursor, role, password)
        to = Identifier(role)
        # Before PostgreSQL 15 everybody may make tables and functions.
        cursor.execute(SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC, {}").format(SQL(SCHEMA), to))
        cursor.execute(TABLES, [SCHEMA])
        for table, rows_stand, rows_stay, columns in cursor.fetchall():
            cursor.execute(SQL("REVOKE ALL ON {} FROM {}").format(Identifier(table), to))
            rights = _rights(table, rows_stand, rows_stay, columns)
            cursor.execute(SQL("GRANT {} ON {} TO {}").format(rights, Identifier(table), to))
        cursor.execute(SEQUENCES, [SCHEMA])
        for (sequence,) in cursor.fetchall():
            # It takes the next number and sees the last, and sets none.
            numbers = SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}")
            cursor.execute(numbers.format(Identifier(sequence), to))
        cursor.execute(LENT, [SCHEMA])
        for (function,) in cursor.fetchall():
            lent = SQL(function)
            cursor.execute(SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(lent))
            cursor.execute(SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(lent, to))


def set_time_outs(role: str = "") -> bool:
    """Have the role's connections to this database begin with TIME_OUTS; "" for our own role.

    A pooler passes no start-up options on, so that they stand in the database, too. Returns whether
    we may: every role may set its own.
    """
    of = Identifier(role) if role else SQL("CURRENT_USER")
    database = Identifier(str(connection.settings_dict["NAME"]))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for name, value in TIME_OUTS.items():
                cursor.execute(
                    SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                        of, database, Identifier(name), Literal(value)
                    )
                )
    except ProgrammingError as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            return False
        raise
    return True


def missing_time_outs() -> str:
    """Return in one line which of TIME_OUTS this connection is without; "" if it has them all."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = '0'"
            " ORDER BY name DESC",
            [list(TIME_OUTS)],
        )
        missing = [name for (name,) in cursor.fetchall()]
    return MAY_STAND_IN_THE_WAY.format(" and no ".join(missing)) if missing else ""


def problem() -> str:
    """Return in one line why this connection's role could alter the record; "" if it could not."""
    with connection.cursor() as cursor:
        cursor.execute(PROBLEMS, [SCHEMA, SCHEMA, SCHEMA])
        is_superuser, is_owner, may_change, may_make = cursor.fetchone()
    if is_superuser:
        return WHY_NOT.format("The portal connects to PostgreSQL as a superuser")
    if is_owner:
        return WHY_NOT.format("The portal connects to PostgreSQL as the owner of its tables")
    if may_change:
        return WHY_NOT.format("The portal's role may change rows that stand")
    if may_make:
        return WHY_NOT.format(f"The portal's role may make or drop tables in the schema {SCHEMA}")
    return ""


def _rights(table: str, rows_stand: bool, rows_stay: bool, columns: Sequence[str]) -> Composed:
    if table in OF_THE_OWNER | _written_by_owner_only():
        return Composed([SQL("SELECT")])
    # Without the ids, which the database draws: what stands cannot pretend to be older.
    named = SQL("({})").format(SQL(", ").join(map(Identifier, columns)))
    rights = {
        "SELECT": True,
        "INSERT": not rows_stand,
        "UPDATE": not rows_stand,
        "DELETE": not rows_stay,
    }
    given = [SQL(right) for right, has_it in rights.items() if has_it]
    return SQL(", ").join([*given, *([SQL("INSERT ") + named] if rows_stand else [])])


def _ensure(cursor: CursorWrapper, role: str, password: str) -> None:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if cursor.fetchone() is not None:
        return
    secret = Composed([])
    if password:
        # So that the password stands in no log of statements.
        scope = cursor.connection
        encrypted = encrypt_password(password, role, scope=scope, algorithm="scram-sha-256")
        secret = SQL(" PASSWORD {}").format(Literal(encrypted))
    try:
        with transaction.atomic():
            cursor.execute(SQL("CREATE ROLE {} LOGIN{}").format(Identifier(role), secret))
    except Exception as error:
        if isinstance(error.__cause__, InsufficientPrivilege):
            raise CommandError(
                f"There is no role {role}, and MIGRATION_DATABASE_URL's may not make it. Have a "
                f"superuser run: CREATE ROLE {role} LOGIN PASSWORD '...'"
            ) from error
        raise


def _written_by_owner_only() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {
        model._meta.db_table for model in models if getattr(model, "written_by_owner_only", False)
    }
