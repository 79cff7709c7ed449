"""When the last byte of a request arrived, which the kernel knows (TCP_INFO).

The kernel notes when a connection last received data. Once the whole request is read, that is
the arrival of its last byte. All time after it is spent on our side: in the kernel's queue, in
the web server's queue, or in code before the view. The time that the client takes to send does
not count. Behind a proxy, the proxy is the client.

Only `clock_check` calls `received()`, for views.
"""

import socket
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from struct import Struct
from typing import Any

from django.http import HttpRequest

from core import clock

# Where gunicorn puts the connection. No header can set a name without HTTP_ before it.
CONNECTION = "gunicorn.socket"
# `struct tcp_info` of linux/tcp.h: eight bytes, then eleven numbers of 32 bits before this one.
LAST_DATA_RECEIVED = Struct("=8x44xI")  # milliseconds
# The kernel counts in ticks of up to 10 ms. One tick is taken off, so that no request seems to
# have arrived earlier than it did.
TICK = timedelta(milliseconds=10)
# A longer wait counts as this long. Proxies give up after a minute.
LONGEST = timedelta(minutes=2)


def received(request: HttpRequest) -> datetime:
    """Return the aware moment (UTC), by the portal's clock, at which the last byte arrived.

    So a request that is in time stays in time, however long it waits for a worker. Call it once
    the body is read. Where the kernel cannot be asked it is `clock.portal_now()`.
    """
    ahead = clock.ahead()
    # In this order, so that a pause between the two calls makes the moment later, not earlier. And
    # with nothing between them: while a file is read, other threads run, and the moment would be
    # later by that.
    since = time_since(request.META)
    return clock.wall_now() - since + ahead


def time_since(environ: Mapping[str, Any]) -> timedelta:
    """Return the time since the last byte of the request arrived, at most 10 ms too short.

    Zero where the kernel cannot be asked: under another web server than gunicorn, on another
    system than Linux, on a connection that is not TCP.
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
