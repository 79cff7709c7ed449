"""The codebook alone, as REFI-QDA's .qdc."""

from exports.export_context import ExportContext
from exports.queries import codes_of
from exports.types import Pieces
from exports.writers import qda_xml
from exports.writers.qda_project import text_questions

CONTENT_TYPE = "application/xml"


def pieces(context: ExportContext) -> Pieces:
    dataset = context.dataset
    call = dataset.call
    codes = qda_xml.codebook(call, codes_of(dataset), text_questions(dataset))
    root = qda_xml.tag("CodeBook", {"xmlns": qda_xml.CODEBOOK, "origin": qda_xml.ORIGIN})
    yield f"{qda_xml.HEAD}{root}{codes}</CodeBook>\n".encode()
