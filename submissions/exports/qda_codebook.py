"""The codebook alone, as REFI-QDA's .qdc."""

from collections.abc import Iterator

from submissions.exports import refi
from submissions.exports.datasets import codes_of
from submissions.exports.making import Making
from submissions.exports.qda_project import text_questions

CONTENT_TYPE = "application/xml"


def pieces(making: Making) -> Iterator[bytes]:
    dataset = making.dataset
    call = dataset.call
    codes = refi.codebook(call, codes_of(call), text_questions(dataset))
    root = refi.tag("CodeBook", {"xmlns": refi.CODEBOOK, "origin": refi.ORIGIN})
    yield f"{refi.HEAD}{root}{codes}</CodeBook>\n".encode()
