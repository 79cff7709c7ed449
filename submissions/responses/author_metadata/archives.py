"""Writing an office file again, part by part."""

import io
import zipfile
from collections.abc import Mapping

from lxml import etree

from submissions.responses.author_metadata.errors import PICTURE_INSIDE, CannotBeCleaned
from submissions.responses.author_metadata.gif import GIF_SIGNATURES, clean_gif
from submissions.responses.author_metadata.paths import without_folders
from submissions.responses.author_metadata.pictures import (
    PNG_SIGNATURE,
    clean_jpg,
    clean_png,
)
from submissions.responses.file_types.jpeg import SIGNATURE as JPEG_SIGNATURE
from submissions.responses.file_types.packages import parse_xml

UNCHANGING = (1980, 1, 1, 0, 0, 0)
DRAWING_PROGRAMS = (
    "http://www.inkscape.org/",
    "http://sodipodi.sourceforge.net/",
    "http://ns.adobe.com/",
)
TIFF, RIFF = (b"II*\0", b"MM\0*"), b"RIFF"


def write_archive(parts: Mapping[str, bytes]) -> bytes:
    """Return the parts as a ZIP, without the times of the old one; `mimetype` stays unpacked."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            member = zipfile.ZipInfo(name, UNCHANGING)
            is_plain = name == "mimetype"
            member.compress_type = zipfile.ZIP_STORED if is_plain else zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()


def clean_picture_inside(content: bytes) -> bytes:
    """Return the part, cleaned if it is a picture. Raises CannotBeCleaned for TIFF, WebP, HEIC."""
    if content.startswith(GIF_SIGNATURES):
        return clean_gif(content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<svg" in content[:5000]:
        return _clean_svg(content)
    if content.startswith(JPEG_SIGNATURE):
        return clean_jpg(content)
    if content.startswith(PNG_SIGNATURE):
        return clean_png(content)
    is_webp = content.startswith(RIFF) and content[8:12] == b"WEBP"
    if content.startswith(TIFF) or is_webp or content[4:8] == b"ftyp":
        raise CannotBeCleaned(PICTURE_INSIDE)
    return content


def _clean_svg(content: bytes) -> bytes:
    """Drop the metadata, and what drawing programs note for themselves, such as paths."""
    root = parse_xml(content)
    for element in list(root.iter()):
        name = etree.QName(element) if isinstance(element.tag, str) else None
        parent = element.getparent()
        if parent is not None and (
            name is None or name.localname == "metadata" or _is_of_program(name)
        ):
            parent.remove(element)
            continue
        for key, value in element.items():
            if _is_of_program(etree.QName(key)):
                del element.attrib[key]
            else:
                element.set(key, without_folders(value))
    return write_xml(root)


def _is_of_program(name: "etree.QName") -> bool:
    return (name.namespace or "").startswith(DRAWING_PROGRAMS)


def write_xml(root: "etree._Element") -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


class Pseudonyms:
    """“Author 1”, “Author 2”, … for the names in one file, in the order in which they come."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def of(self, name: str) -> str:
        return f"Author {self._number(name)}"

    def initials_of(self, name: str) -> str:
        return f"A{self._number(name)}"

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers) + 1)
