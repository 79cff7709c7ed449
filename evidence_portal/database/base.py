"""Django's PostgreSQL, without a question to the server before each request.

CONN_HEALTH_CHECKS asks `SELECT 1`, so that a connection that a restart has ended is found before
it is used. A server that ends a connection says so on it: whether anything was said is known here.
"""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Return whether it can be used; the server is asked only if it has said anything."""
        return self._is_silent() or super().is_usable()

    def _is_silent(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        waiting = select.poll()
        waiting.register(self.connection.fileno(), select.POLLIN)
        return not waiting.poll(0)
