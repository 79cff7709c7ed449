"""A database with the newest schema, which the migrations of this run made already.

`migrate` then takes two seconds where it takes ten. It begins with no tables where the run's own
database is made.
"""

import subprocess

from devserver.folders import RunFolder
from devserver.portal import DATABASE
from devserver.postgres import PROGRAMS, Postgres
from tests.faults.celery_processes import own_database


def make_database(server, name=DATABASE):
    """Make a database in `server` with the tables of this run's own."""
    server.make_database(name)
    dump = [PROGRAMS / "bin" / "pg_dump", "--no-owner", "--no-privileges", own_database()]
    load = [PROGRAMS / "bin" / "psql", "--quiet", "--set=ON_ERROR_STOP=1", server.url(name)]
    dumped = subprocess.run(dump, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(load, input=dumped, check=True, stdout=subprocess.DEVNULL)


def make_data(folder, name=DATABASE):
    """Make the data folder of a server that has it; with `template1` each database begins so."""
    run = RunFolder()
    server = Postgres(folder, run, log=folder.with_name("making-postgres.log"))
    server.start()
    try:
        make_database(server, name)
    finally:
        server.stop()
        run.remove()
