"""Taking the author's details out of PDF."""

import io
from typing import Any

import pikepdf

from submissions.responses.author_metadata.errors import (
    FILES_INSIDE,
    NOT_READ,
    PICTURE_INSIDE,
    SIGNED,
    CannotBeCleaned,
)
from submissions.responses.author_metadata.pictures import clean_jpg
from submissions.responses.file_types.pdf import dictionaries_in

# ISO 32000-1: 14.3.2 (XMP), 14.5 (what programs keep of their own).
DROPPED_KEYS = ("/Metadata", "/PieceInfo")
# How EXIF, XMP, IPTC and comments begin within a picture.
DETAILS = (b"Exif\0", b"http://ns.adobe.com/", b"<x:xmpmeta", b"Photoshop 3.0", b"\xff\xfe")


def clean_pdf(content: bytes) -> bytes:
    """Return the PDF without /Info, XMP, names of those who commented, and EXIF of its pictures."""
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise CannotBeCleaned(NOT_READ)
            for found in list(pdf.objects):
                if isinstance(found, pikepdf.Stream):
                    _clean_picture(found)
                head = found.stream_dict if isinstance(found, pikepdf.Stream) else found
                for dictionary in dictionaries_in(head):
                    _clean_dictionary(dictionary)
            if "/Info" in pdf.trailer:
                del pdf.trailer.Info
            pdf.save(out, deterministic_id=True)
    except (
        pikepdf.PdfError,
        pikepdf.PasswordError,
        RuntimeError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ):
        raise CannotBeCleaned(NOT_READ) from None
    return out.getvalue()


def _clean_dictionary(dictionary: pikepdf.Dictionary) -> None:
    if "/EF" in dictionary or "/EmbeddedFiles" in dictionary:
        raise CannotBeCleaned(FILES_INSIDE)
    if "/ByteRange" in dictionary and "/Contents" in dictionary:  # 12.8.1
        raise CannotBeCleaned(SIGNED)
    for key in DROPPED_KEYS:
        if key in dictionary:
            del dictionary[key]
    # /T is the commenter's name in a comment (12.5.6.2), the field's name in a form.
    is_comment = "/Rect" in dictionary and str(dictionary.get("/Subtype", "")) != "/Widget"
    if is_comment and "/T" in dictionary:
        del dictionary["/T"]


def _clean_picture(stream: pikepdf.Stream) -> None:
    filters = stream.get("/Filter")
    if isinstance(filters, pikepdf.Array):
        filters = filters[0] if len(filters) == 1 else None
    if filters is None or str(filters) not in {"/DCTDecode", "/JPXDecode"}:
        return
    content = stream.read_raw_bytes()
    if not any(mark in content for mark in DETAILS):
        return
    if str(filters) == "/JPXDecode":
        raise CannotBeCleaned(PICTURE_INSIDE)
    parameters: Any = stream.get("/DecodeParms")
    stream.write(clean_jpg(content), filter=pikepdf.Name.DCTDecode, decode_parms=parameters)
