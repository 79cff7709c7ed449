"""Taking the author's details out of DOCX and XLSX."""

import io
import posixpath
import re

from lxml import etree

from submissions.responses.author_metadata.archives import (
    Pseudonyms,
    clean_picture_inside,
    write_archive,
    write_xml,
)
from submissions.responses.author_metadata.errors import (
    FILES_INSIDE,
    SIGNED,
    CannotBeCleaned,
)
from submissions.responses.file_types.packages import Package, Relationship, local_name, parse_xml

# Parts that say who wrote it, by the last word of the relationship that leads to them.
PROPERTIES = {"core-properties", "extended-properties", "extendedProperties", "custom-properties",
              "customProperties"}  # fmt: skip
DROPPED_KINDS = {*PROPERTIES, "customXml", "attachedTemplate", "mailMergeSource",
                 "mailMergeHeaderSource", "mailMergeRecipientData", "recipientData",
                 "usernames", "revisionHeaders"}  # fmt: skip
SIGNATURE_KINDS = {"origin", "signature"}
EMBEDDED_KINDS = {"oleObject", "aFChunk", "control"}
# Elements that hold somebody's name, path or account, dropped wherever they stand.
DROPPED_ELEMENTS = {"attachedTemplate", "mailMerge", "presenceInfo", "absPath", "fileSharing",
                    "docVars"}  # fmt: skip
AUTHOR_ATTRIBUTES = {"author", "userName", "displayName"}
ACCOUNT_ATTRIBUTES = {"userId", "providerId"}
PATH = re.compile(r"(file:|[A-Za-z]:[\\/]|\\\\)", re.IGNORECASE)
DEEPEST = 2


def clean_office_open(content: bytes, *, depth: int = 0) -> bytes:
    """Return the package without who wrote it: properties, comments, changes, paths, accounts."""
    package = Package(io.BytesIO(content))
    relationships = package.relationships()
    kinds = {relationship.kind for relationship in relationships}
    if kinds & SIGNATURE_KINDS:
        raise CannotBeCleaned(SIGNED)
    if kinds & EMBEDDED_KINDS or depth > DEEPEST:
        raise CannotBeCleaned(FILES_INSIDE)
    dropped = _parts_to_drop(package, relationships)
    packages = {r.target.lower() for r in relationships if r.kind == "package"}
    pseudonyms = Pseudonyms()
    parts = {}
    for name in package.names:
        if name.lower() in dropped or name.endswith("/"):
            continue
        is_xml = _is_xml(package.content_type(name))
        part = package.read_xml(name) if is_xml else package.read(name)
        if name.lower() in packages:
            part = clean_office_open(part, depth=depth + 1)
        elif name.lower() == "[content_types].xml":
            part = _without_types(part, dropped)
        elif name.lower().endswith(".rels"):
            part = _without_relationships(part)
        elif is_xml:
            part = _clean_xml(part, pseudonyms)
        else:
            part = clean_picture_inside(part)
        parts[name] = part
    return write_archive(parts)


def _is_xml(content_type: str) -> bool:
    return content_type.endswith(("+xml", "/xml"))


def _parts_to_drop(package: Package, relationships: list[Relationship]) -> set[str]:
    """Return the parts that the dropped relationships lead to, and those only they lead to."""
    dropped = {
        r.target.lower() for r in relationships if r.kind in DROPPED_KINDS and not r.is_external
    }
    before = -1
    while len(dropped) > before:
        before = len(dropped)
        dropped |= {r.target.lower() for r in relationships if r.source.lower() in dropped}
    rels = {
        posixpath.join(posixpath.dirname(n), "_rels", f"{posixpath.basename(n)}.rels")
        for n in dropped
    }
    return {n for n in dropped | rels if package.part_named(n)}


def _without_types(content: bytes, dropped: set[str]) -> bytes:
    root = parse_xml(content)
    for element in list(root):
        if element.get("PartName", "").lower().lstrip("/") in dropped:
            root.remove(element)
    return write_xml(root)


def _without_relationships(content: bytes) -> bytes:
    root = parse_xml(content)
    for element in list(root):
        if element.get("Type", "").rpartition("/")[2] in DROPPED_KINDS:
            root.remove(element)
        elif PATH.match(element.get("Target", "")):  # C:\Users\Jo names Jo
            element.set("Target", re.split(r"[\\/]", element.get("Target", ""))[-1])
    return write_xml(root)


def _clean_xml(content: bytes, pseudonyms: Pseudonyms) -> bytes:
    """Put “Author 1” for each name of an author; drop accounts and paths."""
    root = parse_xml(content)
    _clean_comments_of_sheet(root, pseudonyms)
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        name = etree.QName(element).localname
        if name in DROPPED_ELEMENTS and element.getparent() is not None:
            _drop(element)
            continue
        author = next(
            (v for k, v in element.items() if k.rpartition("}")[2] in AUTHOR_ATTRIBUTES), ""
        )
        for key, value in element.items():
            attribute = key.rpartition("}")[2]
            if attribute in AUTHOR_ATTRIBUTES and value:
                element.set(key, pseudonyms.of(value))
            elif attribute == "initials" and value:
                element.set(key, pseudonyms.initials_of(author))
            elif attribute in ACCOUNT_ATTRIBUTES:
                element.set(key, pseudonyms.of(author) if attribute == "userId" else "None")
    return write_xml(root)


def _clean_comments_of_sheet(root: "etree._Element", pseudonyms: Pseudonyms) -> None:
    """Excel's notes list their authors, and begin with the author's name as text."""
    if local_name(root) != "comments":
        return
    for authors in root.iter("{*}authors"):
        for author in authors:
            name = author.text or ""
            author.text = pseudonyms.of(name)
            for comment in root.iter("{*}comment"):
                text = next(comment.iter("{*}t"), None)
                if name and text is not None and (text.text or "").startswith(name):
                    text.text = pseudonyms.of(name) + (text.text or "")[len(name) :]


def _drop(element: "etree._Element") -> None:
    """Take the element out; its wrapper of alternatives goes too where nothing else is in it."""
    parent = element.getparent()
    while parent is not None and local_name(parent) in {"Choice", "AlternateContent"}:
        if len(parent) > 1:
            break
        element, parent = parent, parent.getparent()
    if parent is not None:
        parent.remove(element)
