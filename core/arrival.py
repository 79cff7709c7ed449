"""How long ago a request had arrived whole, by the kernel's own note on its connection.

The kernel keeps when a connection last brought data. Once a request is read, that is when its
last byte came: what follows is our own time, in the kernel's queue, in the web server's, or in
the code before the view. The time that a client takes to send is not in it. A proxy on the way
is the client here.
"""

import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from struct import Struct
from typing import Any

# Where gunicorn puts the connection. No header can set a name without HTTP_ before it.
CONNECTION = "gunicorn.socket"
# `struct tcp_info` of linux/tcp.h: eight bytes, then eleven numbers of 32 bits before this one.
LAST_DATA_RECEIVED = Struct("=8x44xI")  # milliseconds
# The kernel counts in ticks of up to 10 ms. One is taken off: nothing may seem to be earlier
# than it was.
TICK = timedelta(milliseconds=10)
# A longer wait counts as this long. Proxies give up after a minute.
LONGEST = timedelta(minutes=2)


def time_since(environ: Mapping[str, Any]) -> timedelta:
    """Return how long the whole request of a WSGI environment has been here, 10 ms at most short.

    Zero where nobody knows: another web server than gunicorn, another system than Linux, a
    connection that is not TCP.
    """
    connection = environ.get(CONNECTION)
    if connection is None or sys.platform != "linux":
        return timedelta(0)
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECEIVED.size)
    except OSError:
        return timedelta(0)
    if len(info) < LAST_DATA_RECEIVED.size:
        return timedelta(0)
    (milliseconds,) = LAST_DATA_RECEIVED.unpack(info)
    return min(max(timedelta(milliseconds=milliseconds) - TICK, timedelta(0)), LONGEST)
