"""The codebook alone, as REFI-QDA's .qdc."""

from exports.export_context import ExportContext
from exports.queries import codes_of
from exports.types import Pieces
from exports.writers import refi
from exports.writers.qda_project import text_questions

CONTENT_TYPE = "application/xml"


def pieces(context: ExportContext) -> Pieces:
    dataset = context.dataset
    call = dataset.call
    codes = refi.codebook(call, codes_of(call), text_questions(dataset))
    root = refi.tag("CodeBook", {"xmlns": refi.CODEBOOK, "origin": refi.ORIGIN})
    yield f"{refi.HEAD}{root}{codes}</CodeBook>\n".encode()
