"""Taking the author's details out of ODT."""

import io
from collections.abc import Callable

from lxml import etree

from submissions.responses.author_metadata.archives import (
    Pseudonyms,
    clean_picture_inside,
    write_archive,
    write_xml,
)
from submissions.responses.author_metadata.errors import (
    EARLIER_VERSIONS,
    FILES_INSIDE,
    SIGNED,
    CannotBeCleaned,
)
from submissions.responses.author_metadata.paths import without_folders
from submissions.responses.file_types.archives import MOST_BYTES_OF_XML, Archive
from submissions.responses.file_types.packages import local_name, parse_xml
from submissions.responses.file_types.signatures import OLE

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
AUTHOR_ELEMENTS = {"creator"}  # of comments and of tracked changes: OpenDocument 1.3, part 3, 4.3.2
INITIALS_ELEMENTS = {"creator-initials", "sender-initials"}
PRINTER_SETTINGS = {"PrinterName", "PrinterSetup", "CurrentDatabaseDataSource"}
XML_PARTS = {"content.xml", "styles.xml", "settings.xml"}


def clean_odt(content: bytes) -> bytes:
    """Return the document without who wrote it: properties, comments, changes, printers."""
    archive = Archive(io.BytesIO(content))
    names = archive.names
    if any(n.startswith("META-INF/") and "signatures" in n for n in names):
        raise CannotBeCleaned(SIGNED)
    if any(n == "VersionList.xml" or n.startswith("Versions/") for n in names):
        raise CannotBeCleaned(EARLIER_VERSIONS)
    pseudonyms = Pseudonyms()
    parts = {}
    for name in names:
        if name.endswith("/"):
            continue
        part = (
            archive.read(name, most=MOST_BYTES_OF_XML)
            if name.endswith(".xml")
            else archive.read(name)
        )
        last = name.rpartition("/")[2]
        clean = _CLEANERS.get(last)
        if part.startswith(OLE):
            raise CannotBeCleaned(FILES_INSIDE)
        if clean is not None:
            part = clean(part, pseudonyms)
        elif not last.endswith((".xml", ".rdf")):
            part = clean_picture_inside(part)
        parts[name] = part
    return write_archive(parts)


def _empty_meta(content: bytes, _pseudonyms: Pseudonyms) -> bytes:
    root = parse_xml(content)
    for meta in root.iter(f"{{{OFFICE}}}meta"):
        for element in list(meta):
            meta.remove(element)
    return write_xml(root)


def _clean_xml(content: bytes, pseudonyms: Pseudonyms) -> bytes:
    root = parse_xml(content)
    for initials in root.iter(*(f"{{*}}{name}" for name in INITIALS_ELEMENTS)):
        initials.text = "A"
    for element in root.iter():
        name = local_name(element)
        parent = element.getparent()
        is_field = etree.QName(element).namespace == TEXT if name else False
        if name in AUTHOR_ELEMENTS and not is_field and element.text:
            author = element.text
            element.text = pseudonyms.of(author)
            if parent is not None:
                for sibling in parent:
                    if local_name(sibling) in INITIALS_ELEMENTS:
                        sibling.text = pseudonyms.initials_of(author)
        elif name == "config-item" and element.get(CONFIG_NAME) is not None:
            if element.get(CONFIG_NAME) in PRINTER_SETTINGS:
                element.text = ""
        elif element.get(META_TEMPLATE) is not None:
            del element.attrib[META_TEMPLATE]
        for key, value in element.items():
            element.set(key, without_folders(value))
    return write_xml(root)


TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
CONFIG_NAME = "{urn:oasis:names:tc:opendocument:xmlns:config:1.0}name"
META_TEMPLATE = "{urn:oasis:names:tc:opendocument:xmlns:meta:1.0}template"
_CLEANERS: dict[str, Callable[[bytes, Pseudonyms], bytes]] = {
    "meta.xml": _empty_meta,
    **dict.fromkeys(XML_PARTS, _clean_xml),
}
