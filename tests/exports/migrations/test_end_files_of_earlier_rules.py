"""An upgrade ends the files that release 1.0.0 made: confidential responses stand in them."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from exports import export_runs
from tests.exports.exporting import NOW
from tests.makers import make_call, make_user

FILL = import_module("exports.migrations.0005_end_files_of_earlier_rules").Migration


@pytest.mark.django_db
def test_file_made_before_the_upgrade_is_gone_and_an_export_that_waits_is_made():
    call, by = make_call(), make_user()
    asked = {"call": call, "by": by, "at": NOW, "filters": {}, "rows_total": 1}
    made = export_runs.enqueue(file_format="csv", **asked)
    export_runs.claim_next(at=NOW, wall_now=NOW)
    made.refresh_from_db()
    export_runs.finish(made, ContentFile(b"old"), at=NOW, name="a.csv", rows=1, sha256="0" * 64)
    waiting = export_runs.enqueue(file_format="pdf", **asked)
    with connection.cursor() as cursor:
        cursor.execute(FILL.operations[0].sql)
    made.refresh_from_db()
    waiting.refresh_from_db()
    assert not export_runs.is_kept(made, at=NOW)
    ended = export_runs.ended(call, at=NOW + timedelta(microseconds=1))
    assert export_runs.end_files(ended, limit=9) == 1
    assert waiting.state == "waiting"
