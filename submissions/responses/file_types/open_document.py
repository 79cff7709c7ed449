"""ODT: text documents without passwords, macros, embedded programs or parts elsewhere."""

import re
from typing import BinaryIO

from submissions.responses.file_types.archives import MOST_BYTES_OF_XML, Archive
from submissions.responses.file_types.elsewhere import is_elsewhere
from submissions.responses.file_types.packages import local_name, parse_xml
from submissions.responses.file_types.refusals import (
    ANOTHER_TYPE,
    DAMAGED,
    EMBEDDED,
    MACROS,
    PROTECTED,
    REMOTE,
    TEMPLATE,
    NotTaken,
)
from submissions.responses.file_types.signatures import OLE, PROGRAMS

# OpenDocument 1.3, part 2: the media type of the package (3.3), the manifest (4), content.xml (3.2)
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
MANIFEST = "META-INF/manifest.xml"
NAMES = {"spreadsheet": "ODS", "presentation": "ODP", "graphics": "ODG"}
LIBRARY_LIST = re.compile(r"(^|/)(script|dialog)-l[bc]\.xml$")
HREF = "{http://www.w3.org/1999/xlink}href"
# What is asked for once somebody follows it: links, places on a picture, buttons of a form.
FOLLOWED = {"a", "bibliography-mark", "area-rectangle", "area-circle", "area-polygon", "form",
            "button"}  # fmt: skip
MACRO_ELEMENTS = {"event-listener", "execute-macro"}
RUN = {"applet", "plugin", "floating-frame", "dde-source", "dde-connection-decl", "dde-link"}


def refuse_odt(file: BinaryIO) -> None:
    archive = Archive(file)
    names = set(archive.names)
    if MANIFEST not in names:
        raise NotTaken(DAMAGED)
    manifest = parse_xml(archive.read(MANIFEST, most=MOST_BYTES_OF_XML))
    # The whole document may be one encrypted entry, or each part by itself.
    if any(local_name(element) == "encryption-data" for element in manifest.iter()):
        raise NotTaken(PROTECTED)
    types = {}
    for element in manifest.iter("{*}file-entry"):
        entry = {name.rpartition("}")[2]: value for name, value in element.items()}
        types[entry.get("full-path", "")] = entry.get("media-type", "")
    _refuse_another_type(archive, names, types)
    if "content.xml" not in names:
        raise NotTaken(DAMAGED)
    _refuse_programs(archive, types)
    for name in names:
        if name.rpartition("/")[2] in {"content.xml", "styles.xml", "meta.xml"}:
            _refuse_elements(archive.read(name, most=MOST_BYTES_OF_XML))


def _refuse_another_type(archive: Archive, names: set[str], types: dict[str, str]) -> None:
    media_type = types.get("/", "")
    if "mimetype" in names:
        media_type = archive.read("mimetype", most=200).decode("ascii", "replace").strip("\0\r\n ")
    kind = media_type.removeprefix(OPEN_DOCUMENT)
    if kind == "text":
        return
    if kind.endswith("-template"):
        raise NotTaken(TEMPLATE)
    if kind in NAMES:
        raise NotTaken(ANOTHER_TYPE, found=NAMES[kind])
    raise NotTaken(DAMAGED)


def _refuse_programs(archive: Archive, types: dict[str, str]) -> None:
    for entry in archive.entries:
        folder, _, rest = entry.filename.partition("/")
        is_code = folder in {"Basic", "Dialogs"} and rest and not LIBRARY_LIST.search(rest)
        if (is_code or (folder == "Scripts" and rest)) and not entry.is_dir():
            raise NotTaken(MACROS)
        if archive.first_bytes(entry, 8).startswith((OLE, *PROGRAMS)):
            raise NotTaken(EMBEDDED)
    if any("oleobject" in media_type.lower() for media_type in types.values()):
        raise NotTaken(EMBEDDED)


def _refuse_elements(content: bytes) -> None:
    for element in parse_xml(content).iter():
        name = local_name(element)
        if name in MACRO_ELEMENTS or (name == "script" and (len(element) or element.text)):
            raise NotTaken(MACROS)
        if name in RUN:
            raise NotTaken(EMBEDDED)
        if name not in FOLLOWED and is_elsewhere(element.get(HREF, "")):
            raise NotTaken(REMOTE)
