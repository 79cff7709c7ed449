"""The codebook alone, as REFI-QDA's .qdc."""

from core.xml_text import HEAD
from exports.export_context import ExportContext
from exports.queries import codes_of
from exports.types import Pieces
from exports.writers import qda_xml
from exports.writers.qda_sources import text_questions
from review.coding.codebook_files.qda import root_of_codebook

CONTENT_TYPE = "application/xml"


def pieces(context: ExportContext) -> Pieces:
    dataset = context.dataset
    call = dataset.call
    codes = qda_xml.codebook(call, codes_of(dataset), text_questions(dataset))
    yield f"{HEAD}{root_of_codebook()}{codes}</CodeBook>\n".encode()
