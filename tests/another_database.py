"""A database of another server of these tests, in which this process does something itself."""

from contextlib import contextmanager

from django.contrib.contenttypes.models import ContentType
from django.db import connection
from psycopg2.extensions import parse_dsn


@contextmanager
def connected_to(url):
    """Have Django's connection lead there meanwhile."""
    parts = parse_dsn(url)
    there = {"NAME": parts["dbname"], "USER": parts["user"], "HOST": parts["host"]}
    there |= {"PASSWORD": "", "PORT": ""}
    own = {name: connection.settings_dict[name] for name in there}
    connection.close()
    connection.settings_dict.update(there)
    ContentType.objects.clear_cache()  # they have other numbers there
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(own)
        ContentType.objects.clear_cache()
