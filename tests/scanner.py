"""A virus scanner for tests: one that speaks clamd's protocol, and a real clamd if there is one.

Which of them a test runs with is known when it is collected, so that none is skipped.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress

SIGNATURE = b"portal-test-signature-7f3a"
NAME = "Portal.Test"
CLAMD = shutil.which("clamd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
SCANNERS = ["double", "clamd"] if CLAMD else ["double"]


class Double:
    """A small server: it finds SIGNATURE, and takes `longest` bytes of a file at most."""

    def __init__(
        self, address=("127.0.0.1", 0), *, longest=10_000_000, hangs_up=False, dies_at=None
    ):
        family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self._socket = socket.socket(family)
        self._socket.bind(address)
        self._socket.listen()
        self.longest, self.hangs_up, self.dies_at = longest, hangs_up, dies_at
        self.seen = []
        bound = self._socket.getsockname()
        self.url = f"tcp://127.0.0.1:{bound[1]}" if family == socket.AF_INET else f"unix://{bound}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self):
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as sent, suppress(OSError):
                if not self.hangs_up:
                    connection.sendall(self._answer(sent))

    def _answer(self, sent):
        command = sent.read(10)
        assert command == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(sent.read(4), "big"):
            content += sent.read(size)
            if len(content) > self.longest:
                return b"INSTREAM size limit exceeded. ERROR\0"
        if content == self.dies_at:
            return b""
        self.seen.append(content)
        found = f"stream: {NAME}.UNOFFICIAL FOUND" if SIGNATURE in content else "stream: OK"
        return found.encode() + b"\0"


@contextmanager
def real_clamd(folder):
    """clamd with our own signature and no other; yields its address."""
    signatures = folder / "signatures"
    signatures.mkdir()
    (signatures / "portal.ndb").write_text(f"{NAME}:0:*:{SIGNATURE.hex()}\n")
    path = folder / "clamd.sock"
    config = folder / "clamd.conf"
    config.write_text(
        f"LocalSocket {path}\nDatabaseDirectory {signatures}\nTemporaryDirectory {folder}\n"
        "Foreground yes\nStreamMaxLength 10M\n"
    )
    with (folder / "clamd.log").open("w") as log:
        process = subprocess.Popen([CLAMD, "--config-file", config], stdout=log, stderr=log)
        try:
            for _ in range(300):
                if path.exists() or process.poll() is not None:
                    break
                time.sleep(0.1)
            assert path.exists(), (folder / "clamd.log").read_text()
            yield f"unix://{path}"
        finally:
            process.terminate()
            process.wait(20)
