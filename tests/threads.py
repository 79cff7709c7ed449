"""Threads with connections of their own, let go at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from time import sleep

from django.db import connection


def at_once(verbs):
    """Run each verb in a thread of its own, released together; return results or exceptions."""
    barrier = Barrier(len(verbs))

    def run(verb):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=20)
            return verb()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as threads:
        ends = [threads.submit(run, verb) for verb in verbs]
    return [end.exception() or end.result() for end in ends]


def until_somebody_waits():
    """Return once a connection waits for a lock; within a transaction, too."""
    with connection.cursor() as cursor:
        for _ in range(1000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            sleep(0.01)
    raise AssertionError("Nobody waits for a lock.")
