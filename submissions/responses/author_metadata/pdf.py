"""Taking the author's details out of PDF."""

import io
import zlib
from typing import Any

import pikepdf

from submissions.responses.author_metadata.errors import (
    FILES_INSIDE,
    NOT_READ,
    PICTURE_INSIDE,
    SIGNED,
    CannotBeCleaned,
)
from submissions.responses.author_metadata.paths import without_folders
from submissions.responses.author_metadata.pictures import clean_jpg
from submissions.responses.file_types.pdf import HYBRID, dictionaries_in

# ISO 32000-1: 14.3.2 (XMP), 14.5 (what programs keep of their own).
DROPPED_KEYS = ("/Metadata", "/PieceInfo", "/Author")
FILE_KEYS = ("/F", "/UF", "/URI")  # 7.11.2, 12.6.4.7: where a link leads
PACKED = "/FlateDecode"
MOST_BYTES_OF_PICTURE = 100_000_000
# How EXIF, XMP, IPTC and comments begin within a picture.
DETAILS = (b"Exif\0", b"http://ns.adobe.com/", b"<x:xmpmeta", b"Photoshop 3.0", b"\xff\xfe")


def clean_pdf(content: bytes) -> bytes:
    """Return the PDF without /Info, XMP, names of those who commented, and EXIF of its pictures."""
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted:
                raise CannotBeCleaned(NOT_READ)
            if HYBRID in pdf.trailer:
                raise CannotBeCleaned(FILES_INSIDE)
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
    for key in FILE_KEYS:
        if isinstance(dictionary.get(key), pikepdf.String):
            dictionary[key] = without_folders(str(dictionary[key]))
    # /T is the commenter's name in a comment (12.5.6.2), the field's name in a form.
    is_comment = "/Rect" in dictionary and str(dictionary.get("/Subtype", "")) != "/Widget"
    if is_comment and "/T" in dictionary:
        del dictionary["/T"]


def _clean_picture(stream: pikepdf.Stream) -> None:
    filters = stream.get("/Filter")
    names = (
        [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    )
    if names[-1] not in {"/DCTDecode", "/JPXDecode"}:
        return
    content = stream.read_raw_bytes()
    for name in names[:-1]:
        content = _unpacked(name, content)
    if not any(mark in content for mark in DETAILS):
        return
    if names[-1] == "/JPXDecode":
        raise CannotBeCleaned(PICTURE_INSIDE)
    parameters: Any = stream.get("/DecodeParms")
    if isinstance(parameters, pikepdf.Array):
        parameters = parameters[-1]
    stream.write(clean_jpg(content), filter=pikepdf.Name.DCTDecode, decode_parms=parameters)


def _unpacked(name: str, content: bytes) -> bytes:
    """Return what was packed around a picture. Raises CannotBeCleaned for other ways to pack."""
    unpacking = zlib.decompressobj()
    try:
        unpacked = unpacking.decompress(content, MOST_BYTES_OF_PICTURE) if name == PACKED else b""
    except zlib.error:
        raise CannotBeCleaned(NOT_READ) from None
    if not unpacked or unpacking.unconsumed_tail:
        raise CannotBeCleaned(PICTURE_INSIDE)
    return unpacked
