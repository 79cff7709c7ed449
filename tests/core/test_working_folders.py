import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.working_folders import PREFIX, delete_left_folders, working_folder


@pytest.fixture
def left(tmp_path, monkeypatch):
    """A folder that a killed process left: `left("rows.pickle", hours=4)`."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def leave(name, *, hours, prefix=PREFIX):
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        (folder / name).write_text("jo@example.org")
        then = datetime.now(UTC).timestamp() - hours * 3600
        for path in (folder / name, folder):
            os.utime(path, (then, then))
        return folder

    return leave


def test_working_folder_goes_with_its_end_and_takes_along_what_was_left(left):
    old, recent = left("rows.pickle", hours=4), left("rows.pickle", hours=2)
    with working_folder() as folder:
        Path(folder, "rows.pickle").write_text("an answer")
        assert (old.exists(), recent.exists()) == (False, True)
    assert not Path(folder).exists()


def test_folder_is_left_where_one_of_its_files_was_written_lately(left):
    folder = left("rows.pickle", hours=4)
    (folder / "out").write_text("an answer")
    os.utime(folder, (0, 0))
    wall_now = datetime.now(UTC)
    assert delete_left_folders(wall_now=wall_now) == 0
    assert delete_left_folders(wall_now=wall_now + timedelta(hours=4)) == 1
    assert not folder.exists()


def test_folder_of_others_is_left(left, tmp_path, monkeypatch):
    wall_now = datetime.now(UTC)
    target = left("rows", hours=4, prefix="other-")
    (tmp_path / f"{PREFIX}link").symlink_to(target)
    assert delete_left_folders(wall_now=wall_now) == 0
    assert (target / "rows").exists()
    left("rows", hours=4)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert delete_left_folders(wall_now=wall_now) == 0
    assert delete_left_folders(wall_now=wall_now) == 1
