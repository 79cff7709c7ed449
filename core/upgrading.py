"""Whether the portal may go on while it is upgraded.

Each migration says by `portal_may_run` whether the release before it can serve meanwhile and
afterwards, until its processes are replaced. A test holds that against django-migration-linter.
"""

from collections.abc import Iterable

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

SAYS = "portal_may_run"
CONNECTED = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = %s AND pid <> pg_backend_pid()
"""


def pending() -> list[Migration]:
    """Return the migrations that the database lacks, in the order in which they run."""
    executor = MigrationExecutor(connection)
    return [one for one, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def need_a_stop(migrations: Iterable[Migration]) -> list[str]:
    """Return the migrations that the portal must not run during, as `app name`.

    Those of Django and its libraries count as such: they do not say.
    """
    return [f"{one.app_label} {one.name}" for one in migrations if not getattr(one, SAYS, False)]


def refusal(role: str) -> str:
    """Return why the migrations cannot run now, with what to do; "" if they can.

    `role` is the serving role: while it has a connection, web, worker or beat run.
    """
    stopping = need_a_stop(pending())
    if not stopping or not (number := _connections_of(role)):
        return ""
    more = f" and {len(stopping) - 1} more" if len(stopping) > 1 else ""
    connected = "1 connection" if number == 1 else f"{number} connections"
    return (
        f"The portal runs ({connected} of {role}), and the release before cannot serve while "
        f"{stopping[0]}{more} run{'' if more else 's'}. Nothing was changed. Stop web, worker and "
        "beat, run migrate again, then start them."
    )


def _connections_of(role: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CONNECTED, [role])
        return int(cursor.fetchone()[0])
