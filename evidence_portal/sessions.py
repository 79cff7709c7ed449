"""Django's sessions in the database, read by a statement that is not put together each time."""

from django.contrib.sessions.backends import db
from django.db import connection

READ = "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > now()"


class SessionStore(db.SessionStore):
    def load(self) -> dict[str, object]:
        """Return what the session holds, by the real clock; one that has ended holds nothing."""
        with connection.cursor() as cursor:
            cursor.execute(READ, [self.session_key])
            found = cursor.fetchone()
        if found is None:
            self._session_key = None
            return {}
        return self.decode(found[0])
