"""Makes the export that waits, as the worker does, and stays halfway through its file.

A process of its own, for tests that kill it: `python -m tests.faults.export_worker`. It says
`halfway` when half a file is written, and would finish it once its standard input ends.
"""

import sys
from dataclasses import replace

import django

django.setup()

from core import clock
from exports import worker
from exports.formats import FORMATS


def halfway(context):
    whole = b"".join(whole_csv(context))
    yield whole[: len(whole) // 2]
    sys.stdout.write("halfway\n")
    sys.stdout.flush()
    sys.stdin.read()
    yield whole[len(whole) // 2 :]


whole_csv = FORMATS["csv"].pieces
FORMATS["csv"] = replace(FORMATS["csv"], pieces=halfway)
worker.make_next(now=clock.portal_now, wall_now=clock.wall_now)
