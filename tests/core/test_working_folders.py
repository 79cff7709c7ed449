import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from core import working_folders
from core.working_folders import PREFIX, delete_left_folders, working_folder

TAKES_AND_SHARES = """
import subprocess, sys
from pathlib import Path
from core.working_folders import shared_working_folder
with shared_working_folder() as folder:
    Path(folder.path, "files").mkdir()
    child = [sys.executable, "-c", "import sys; print('shared', flush=True); sys.stdin.read()"]
    subprocess.run(child, pass_fds=[folder.lock])
"""


@pytest.fixture
def left(tmp_path, monkeypatch):
    """A folder that a killed process left: `left("rows.pickle")`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def leave(name, *, prefix=PREFIX):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        (folder / name).write_text("jo@example.org")
        return folder

    return leave


def test_working_folder_goes_with_its_end_and_takes_along_what_was_left(left):
    with working_folder() as first:
        old = left("rows.pickle")
        with working_folder() as second:
            Path(second, "rows.pickle").write_text("an answer")
            assert (old.exists(), Path(first).exists()) == (False, True)
            assert delete_left_folders() == 0
    assert not Path(first).exists()
    assert not Path(second).exists()


def test_folder_whose_lock_another_process_makes_anew_is_left_to_it(left, monkeypatch):
    rmtree = working_folders.shutil.rmtree

    def rmtree_beside_another(path):
        monkeypatch.setattr(working_folders.shutil, "rmtree", rmtree)
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), str(path))

    monkeypatch.setattr(working_folders.shutil, "rmtree", rmtree_beside_another)
    with working_folder() as first:
        pass
    assert (delete_left_folders(), Path(first).exists()) == (1, False)


def test_folder_stays_until_the_last_process_that_has_its_lock_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", TAKES_AND_SHARES],
        env={"PYTHONPATH": str(Path(working_folders.__file__).parents[1]), "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout.readline() == b"shared\n"
        parent.kill()
        parent.wait()
        assert delete_left_folders() == 0
        parent.stdin.close()
        assert parent.stdout.read() == b""  # the child has ended
    assert delete_left_folders() == 1
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_deleted_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    make, made = tempfile.mkdtemp, []

    def make_and_sweep(**options):
        made.append(make(**options))
        if len(made) == 1:
            assert delete_left_folders() == 1
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", make_and_sweep)
    with working_folder() as folder:
        assert made[1:] == [folder]
        assert delete_left_folders() == 0


def test_folder_of_others_is_left(left, tmp_path, monkeypatch):
    target = left("rows", prefix="other-")
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    assert delete_left_folders() == 0
    assert (target / "rows").exists()
    left("rows")
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert delete_left_folders() == 0
    assert delete_left_folders() == 1
