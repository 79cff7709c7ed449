"""Tells which kind of file a codebook came in."""

import re

from review.coding.codebook_files.contents import MOST_BYTES, FileBook
from review.coding.codebook_files.reading_csv import read_csv
from review.coding.codebook_files.reading_qdc import read_qdc
from review.errors import CodingRefused

XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|(?:\w+:)?(?:CodeBook|Project)\b)")
XML_IN_UTF_16 = (b"\xff\xfe<\0", b"\xfe\xff\0<")
XML_NAMES = (".qdc", ".qde", ".xml")
PACKED = b"PK"


def read_codebook(name: str, content: bytes) -> FileBook:
    """Return what the file says, code by code.

    Raises CodingRefused with what is wrong with the file as a whole.
    """
    if len(content) > MOST_BYTES:
        raise CodingRefused(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB")
    if not content.strip():
        raise CodingRefused("The file is empty")
    if content.startswith(PACKED):
        raise CodingRefused(
            "The file is packed, as a whole project (.qdpx) or a workbook (.xlsx) is: "
            "export the codebook alone, as .qdc or CSV"
        )
    is_xml = XML.match(content) or content.startswith(XML_IN_UTF_16)
    if is_xml or name.lower().endswith(XML_NAMES):
        return read_qdc(content)
    return read_csv(name, content)
