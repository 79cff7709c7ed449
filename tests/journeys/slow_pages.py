"""Pages that arrive in pieces, to find tests that read a page before it is there.

`python -m pytest -p tests.journeys.slow_pages tests/journeys`
"""

import time

from django.core.servers.basehttp import ServerHandler

FIRST_BYTES = 40
write_at_once = ServerHandler._write


def write_in_pieces(handler, data):
    is_html = "text/html" in str(handler.headers)
    if not is_html or len(data) <= FIRST_BYTES or data.startswith(b"HTTP/"):
        write_at_once(handler, data)
        return
    write_at_once(handler, data[:FIRST_BYTES])
    piece = len(data) // 3
    for start in range(FIRST_BYTES, len(data), piece):
        handler._flush()
        time.sleep(0.05)
        write_at_once(handler, data[start : start + piece])


ServerHandler._write = write_in_pieces
