"""PgBouncer before a PostgreSQL of the tests' own, where it is installed."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg2

from devserver.children import engine_account, start, wait_until
from devserver.folders import chown_all
from tests.programs import FOLDERS

FOUND = shutil.which("pgbouncer", path=FOLDERS)
REMEDY = "on Debian, as root: apt install pgbouncer"
CONNECTIONS = 3  # fewer than the threads of a web server, so that they have to share
SETTINGS = """\
[databases]
* = host={sockets}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
"""


@contextmanager
def pooling(url, *, port, roles, run):
    """Run PgBouncer in transaction mode before the PostgreSQL at `url`, a unix socket's."""
    account = engine_account()
    folder = run.make("pgbouncer", account)
    users, settings, log = folder / "users.txt", folder / "pgbouncer.ini", folder / "pgbouncer.log"
    users.write_text("".join(f'"{role}" ""\n' for role in roles))
    sockets = Path(parse_qs(urlsplit(url).query)["host"][0])
    settings.write_text(
        SETTINGS.format(sockets=sockets, port=port, users=users, connections=CONNECTIONS)
    )
    chown_all(folder, account)
    with log.open("ab") as output:
        child = start(
            [FOUND, str(settings)],
            death_signal=9,
            env={"PATH": os.defpath},
            cwd=folder,
            log=output,
            account=account,
        )
    try:
        assert wait_until(lambda: _answers(port, roles[0], url), seconds=30, pause=0.1), (
            log.read_text()
        )
        yield
    finally:
        child.kill()


def _answers(port, role, url):
    database = urlsplit(url).path.lstrip("/")
    try:
        psycopg2.connect(host="127.0.0.1", port=port, user=role, dbname=database).close()
    except psycopg2.OperationalError:
        return False
    return True
