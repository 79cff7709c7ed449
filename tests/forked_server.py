"""Runs programs of the portal in forks of one process that has imported what they import.

Run as a program by `tests.forked_programs`: on the socket that is its standard input come requests,
each a line of JSON (folder, environment, arguments) with three file descriptors: the program's
standard input, output and errors. The answer is the fork's process id. To `wait` for one it answers
with how that ended. It ends with its socket.
"""

import gc
import importlib
import importlib.util
import json
import os
import socket
import sys
import traceback
from pathlib import Path

MOST = 4096  # bytes of a request


def load(arguments):
    """Return the module of a program that is named by `-m` or, without the portal, by its path."""
    if arguments[0] == "-m":
        return importlib.import_module(arguments[1])
    path = Path(arguments[-1])
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(module, request, descriptors):
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    os.closerange(3, max(descriptors) + 1)
    if request["folder"]:
        os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    try:
        module.main()
        sys.stdout.flush()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1 if ended.code else 0
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def main():
    server = socket.socket(fileno=os.dup(0))
    modules = {}
    while True:
        asked, descriptors, _flags, _address = socket.recv_fds(server, MOST, 3)
        if not asked:
            return
        request = json.loads(asked)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            key = tuple(request["arguments"])
            if key not in modules:
                modules[key] = load(key)
                gc.collect()
                gc.freeze()
            answer = os.fork()
            if not answer:
                server.close()
                os._exit(run(modules[key], request, descriptors))
        for descriptor in descriptors:
            os.close(descriptor)
        server.sendall(str(answer).encode())


if __name__ == "__main__":
    main()
