"""Exports whose files are made."""

import hashlib

from django.core.files.base import ContentFile

from exports import export_runs
from tests.exports.counted_call import NOW

WHOLE = hashlib.sha256(b"whole").hexdigest()


def make_done(by, call, **overrides):
    run = export_runs.enqueue(
        call=call, by=by, at=NOW, file_format="csv", filters={}, rows_total=1, **overrides
    )
    export_runs.claim_next(at=NOW, wall_now=NOW)
    run.refresh_from_db()
    export_runs.finish(
        run, ContentFile(b"whole"), at=NOW, name="the-call.csv", rows=1, sha256=WHOLE
    )
    return run
