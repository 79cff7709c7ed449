"""A web application that answers with the size of what it was sent.

To /process it answers with its process.
To /account/slow it answers after a while, with how many such requests were at work at once.
"""

import os
import threading
import time

at_work = []


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/account/slow":
        at_work.append(threading.get_ident())
        time.sleep(0.1)
        number = len(at_work)
        at_work.remove(threading.get_ident())
        return [f"{number} at once".encode()]
    if environ["PATH_INFO"] == "/process":
        return [str(os.getpid()).encode()]
    return [f"{environ['PATH_INFO']} {len(body)} {sum(body)}".encode()]
