import io
from pathlib import Path

import pytest
from pyrage import x25519

from backups.encryption import decrypt
from backups.errors import BackupFailed

NOWHERE_MAPPED = Path("/proc/self/mem")  # opens, and cannot be read at its beginning


@pytest.mark.parametrize(
    ("path", "why"),
    [(Path(__file__).parent, "Is a directory"), (NOWHERE_MAPPED, "Input/output error")],
)
def test_file_of_a_backup_that_cannot_be_read_is_named(path, why):
    with pytest.raises(BackupFailed) as refused:
        decrypt(path, io.BytesIO(), [x25519.Identity.generate()])
    assert str(refused.value) == f"{path} cannot be read: {why}. Take another copy of it."
