"""A small database of each release, with its files.

`python -m tests.upgrades.dumps 1.1.0` makes one of what is here, as release 1.1.0.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from devserver.folders import RunFolder
from devserver.postgres import PROGRAMS, WITHOUT_FSYNC, Postgres

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
RELEASED = FOLDER / "released_migrations.json"
DATABASE = "evidence_portal"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
    "PORTAL_ENV": "test",
    "SECRET_KEY": "of-the-tests-only",
    "PORTAL_URL": "http://testserver",
    "EMAIL_URL": "smtp://127.0.0.1:9",
    "BROKER_URL": "redis://127.0.0.1:9/0",
}


def releases():
    return sorted(path.name for path in FOLDER.iterdir() if (path / "database.sql.gz").exists())


def load(release, server, media):
    """Put a release's database into an empty one of `server`, and its files into `media`."""
    sql = gzip.decompress((FOLDER / release / "database.sql.gz").read_bytes())
    _run(server, "psql", "--quiet", "--set=ON_ERROR_STOP=1", input=sql)
    shutil.unpack_archive(FOLDER / release / "uploads.zip", media)


def make(release):
    """Write today's schema, filled a little, as the dump of `release`."""
    with tempfile.TemporaryDirectory(prefix="portal-release-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        run = RunFolder(folder / "run-folder")
        server = Postgres(folder / "postgres", run, log=folder / "log", settings=WITHOUT_FSYNC)
        server.start()
        try:
            server.make_database(DATABASE)
            media = folder / "media"
            env = os.environ | SETTINGS
            env |= {"DATABASE_URL": server.url(DATABASE), "PORTAL_MEDIA": str(media)}
            for words in (
                ["manage.py", "migrate", "--no-input", "-v0"],
                ["-m", "tests.upgrades.fill"],
            ):
                subprocess.run([sys.executable, *words], cwd=ROOT, env=env, check=True)
            sql = _run(server, "pg_dump", "--no-owner", "--no-privileges").stdout
        finally:
            server.stop()
            run.remove()
        target = FOLDER / release
        target.mkdir(exist_ok=True)
        # Without a time in its head, so that the same database gives the same file.
        (target / "database.sql.gz").write_bytes(gzip.compress(sql, mtime=0))
        shutil.make_archive(str(target / "uploads"), "zip", media)


def _run(server, program, *words, **more):
    """Run one of PostgreSQL's programs on the database; raises CalledProcessError."""
    address = [f"--dbname={server.url(DATABASE)}"]
    return subprocess.run(
        [PROGRAMS / "bin" / program, *words, *address], capture_output=True, check=True, **more
    )


if __name__ == "__main__":
    make(sys.argv[1])
