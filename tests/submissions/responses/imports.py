"""A table or a folder with responses: uploaded, looked at, carried out."""

import io
import zipfile
from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from submissions.responses.etags import etag
from submissions.responses.importing import carrying_out, uploads
from submissions.responses.importing.choices import Choices
from submissions.responses.importing.dry_run import dry_run
from tests.makers import CLOSES_AT

WEEKS_LATER = CLOSES_AT + timedelta(days=20)
HEADING = "Ref,Date received,How it came,Colour,good_practice,publication\n"
COLUMNS = ("reference", "received", "channel", "", "question:good_practice", "question:publication")
ROW = "L1,22/07/2019,Letter,,We share rooms.,Publish without names\n"
SECOND = "L2,2019-07-23 09:30,email,,We share staff.,\n"


def uploaded(call, by, content, name="letters.csv"):
    raw = content if isinstance(content, bytes) else content.encode()
    return uploads.upload(call=call, file=SimpleUploadedFile(name, raw), by=by, at=WEEKS_LATER)


def looked_at(of, **overrides):
    choices = Choices(**{"columns": COLUMNS, "submits": True} | overrides)
    uploads.choose(of, choices)
    return dry_run(of, uploads.content_of(of), choices)


def carried_out(of):
    uploads.carry_out(of, seen=etag(of.choices), by=of.uploaded_by, at=WEEKS_LATER)
    return go_on(of)


def go_on(of):
    carrying_out.carry_out_next(now=lambda: WEEKS_LATER, wall_now=lambda: WEEKS_LATER)
    of.refresh_from_db()
    return of.state, of.rows_done, of.rows_entered, of.rows_submitted


def said(run):
    return [(line.fault.row, line.fault.column, line.fault.wrong) for line in run.lines]


def folder(files=(), /, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**dict(files), **more}.items():
            archive.writestr(name.replace("_txt", ".txt"), content)
    return out.getvalue()
