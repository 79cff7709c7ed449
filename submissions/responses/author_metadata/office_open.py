"""Taking the author's details out of DOCX and XLSX."""

import io
import posixpath

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
from submissions.responses.author_metadata.paths import without_folders, without_folders_within
from submissions.responses.file_types.packages import (
    CONTENT_TYPES,
    Package,
    Relationship,
    local_name,
    parse_xml,
)

# Parts that say who wrote it, by the last word of the relationship that leads to them.
PROPERTIES = {"core-properties", "extended-properties", "extendedProperties", "custom-properties",
              "customProperties"}  # fmt: skip
DROPPED_KINDS = {*PROPERTIES, "customXml", "attachedTemplate", "mailMergeSource",
                 "mailMergeHeaderSource", "mailMergeRecipientData", "recipientData",
                 "usernames", "revisionHeaders", "printerSettings", "classificationlabels",
                 "thumbnail"}  # fmt: skip
SIGNATURE_KINDS = {"origin", "signature"}
EMBEDDED_KINDS = {"oleObject", "aFChunk", "control"}
# Elements that hold somebody's name, path or account, dropped wherever they stand.
DROPPED_ELEMENTS = {"attachedTemplate", "mailMerge", "presenceInfo", "absPath", "fileSharing",
                    "docVars", "printerSettings"}  # fmt: skip
AUTHOR_ATTRIBUTES = {"author", "userName", "displayName", "refreshedBy"}
# Attributes that name somebody in one element only.
AUTHORS_OF_ELEMENTS = {("permStart", "ed"), ("customWorkbookView", "name"), ("scenario", "user")}
DROPPED_ATTRIBUTES = {("scenario", "comment"), ("pageSetup", "id")}
ACCOUNT_ATTRIBUTES = {"userId", "providerId"}
FIELD_CODES = {"instrText", "delInstrText"}
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
    kept = _parts_to_keep(package, relationships)
    packages = {r.target.lower() for r in relationships if r.kind == "package"}
    pseudonyms = Pseudonyms()
    parts = {}
    for name in package.names:
        if name.lower() not in kept:
            continue
        is_xml = _is_xml(package.content_type(name))
        part = package.read_xml(name) if is_xml else package.read(name)
        if name.lower() in packages:
            part = clean_office_open(part, depth=depth + 1)
        elif name.lower() == "[content_types].xml":
            part = _without_types(part, kept)
        elif name.lower().endswith(".rels"):
            part = _without_relationships(part)
        elif package.content_type(name).startswith("image/"):
            part = clean_picture_inside(part)
        elif is_xml:
            part = _clean_xml(part, pseudonyms)
        else:
            part = clean_picture_inside(part)
        parts[name] = part
    return write_archive(parts)


def _is_xml(content_type: str) -> bool:
    return content_type.endswith(("+xml", "/xml"))


def _parts_to_keep(package: Package, relationships: list[Relationship]) -> set[str]:
    """Return the parts that a reader is led to, without those that say who wrote it, and what leads
    there. Nobody sees the others: an editor may have left an old part in the file.
    """
    kept = {""}
    before = 0
    while len(kept) > before:
        before = len(kept)
        kept |= {
            r.target.lower()
            for r in relationships
            if r.source.lower() in kept and r.kind not in DROPPED_KINDS and not r.is_external
        }
    rels = {
        posixpath.join(posixpath.dirname(n), "_rels", f"{posixpath.basename(n)}.rels") for n in kept
    }
    return {n for n in {*kept, *rels, CONTENT_TYPES.lower()} if package.part_named(n)}


def _without_types(content: bytes, kept: set[str]) -> bytes:
    root = parse_xml(content)
    for element in list(root):
        part = element.get("PartName", "").lower().lstrip("/")
        if part and part not in kept:
            root.remove(element)
    return write_xml(root)


def _without_relationships(content: bytes) -> bytes:
    root = parse_xml(content)
    for element in list(root):
        if element.get("Type", "").rpartition("/")[2] in DROPPED_KINDS:
            root.remove(element)
        else:
            element.set("Target", without_folders(element.get("Target", "")))
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
        if name in FIELD_CODES:
            element.text = without_folders_within(element.text or "")
        author = next(
            (v for k, v in element.items() if k.rpartition("}")[2] in AUTHOR_ATTRIBUTES), ""
        )
        for key, value in element.items():
            attribute = key.rpartition("}")[2]
            if (name, attribute) in DROPPED_ATTRIBUTES:
                del element.attrib[key]
            else:
                element.set(key, _clean_attribute(name, attribute, value, author, pseudonyms))
    return write_xml(root)


def _clean_attribute(
    element: str, attribute: str, value: str, author: str, pseudonyms: Pseudonyms
) -> str:
    if attribute in AUTHOR_ATTRIBUTES or (element, attribute) in AUTHORS_OF_ELEMENTS:
        return pseudonyms.of(value) if value else value
    if attribute == "initials" and value:
        return pseudonyms.initials_of(author)
    if attribute in ACCOUNT_ATTRIBUTES:
        return pseudonyms.of(author) if attribute == "userId" else "None"
    if (element, attribute) == ("dbPr", "connection"):  # how to get into a database
        return ""
    if attribute == "instr":  # a field's code in an attribute
        return without_folders_within(value)
    return without_folders(value)


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
