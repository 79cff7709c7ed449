"""A WSGI application that tells when its request had arrived, after as many seconds as it asks."""

import time

from core import arrival


def application(environ, start_response):
    environ["wsgi.input"].read()
    waited = arrival.time_since(environ).total_seconds()
    arrived = time.time() - waited
    time.sleep(float(environ["QUERY_STRING"] or 0))
    body = f"{arrived} {waited}".encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
