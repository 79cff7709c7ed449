"""Office Open XML packages (ECMA-376, part 2): parts are found by relationships and types."""

import posixpath
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote

from lxml import etree

from submissions.responses.file_types.archives import MOST_BYTES_OF_XML, Archive
from submissions.responses.file_types.elsewhere import is_elsewhere
from submissions.responses.file_types.refusals import DAMAGED, UNPACKS_TOO_BIG, NotTaken

CONTENT_TYPES = "[Content_Types].xml"
# Of tags and attributes in one part: a tree of them takes forty times the room of its text.
MOST_MARKS = 2_000_000


def parse_xml(content: bytes) -> "etree._Element":
    """Return the root; entities and addresses are left alone. Raises NotTaken.

    Its size is measured by its tags and attributes, before there is a tree.
    """
    if content.count(b"<") + content.count(b"=") > MOST_MARKS:
        raise NotTaken(UNPACKS_TOO_BIG)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        raise NotTaken(DAMAGED) from None
    # OpenOffice 2 and 3 name a DTD in the manifest; no office file declares entities.
    declared = None if root is None else root.getroottree().docinfo.internalDTD
    if root is None or (declared is not None and declared.entities()):
        raise NotTaken(DAMAGED)
    return root


def local_name(element: "etree._Element") -> str:
    """Return an element's name without its namespace; "" for comments."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


@dataclass(frozen=True)
class Relationship:
    """`kind` is the last word of its type, the same in the strict and transitional forms."""

    source: str
    id: str
    kind: str
    target: str
    is_external: bool


class Package(Archive):
    """A package; part names are as in the archive, without a slash before them."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self._by_folded_name = {name.lower(): name for name in self.names}
        if CONTENT_TYPES.lower() not in self._by_folded_name:
            raise NotTaken(DAMAGED)
        self._defaults: dict[str, str] = {}
        self._overrides: dict[str, str] = {}
        for element in parse_xml(self.read_xml(self._stored_as(CONTENT_TYPES))):
            content_type = element.get("ContentType", "").lower()
            if local_name(element) == "Default":
                self._defaults[element.get("Extension", "").lower()] = content_type
            elif local_name(element) == "Override":
                self._overrides[element.get("PartName", "").lower().lstrip("/")] = content_type

    def read_xml(self, name: str) -> bytes:
        return self.read(name, most=MOST_BYTES_OF_XML)

    def content_type(self, name: str) -> str:
        """Return a part's type in small letters, "" if the package gives none."""
        folded = name.lower()
        ending = folded.rpartition(".")[2]
        return self._overrides.get(folded) or self._defaults.get(ending, "")

    @property
    def content_types(self) -> set[str]:
        return {self.content_type(name) for name in self.names}

    def relationships(self) -> list[Relationship]:
        """Return the relationships of the package and of all its parts."""
        return [
            relationship
            for name in self.names
            if name.lower().endswith(".rels")
            for relationship in self._relationships_in(name)
        ]

    def main_part(self) -> str:
        """Return the name of the document itself, wherever its producer put it."""
        for relationship in self.relationships():
            if relationship.source == "" and relationship.kind == "officeDocument":
                name = self.part_named(relationship.target)
                if name is not None and not relationship.is_external:
                    return name
        raise NotTaken(DAMAGED)

    def part_named(self, name: str) -> str | None:
        return self._by_folded_name.get(name.lower())

    def _stored_as(self, name: str) -> str:
        return self._by_folded_name[name.lower()]

    def _relationships_in(self, name: str) -> list[Relationship]:
        folder, file_name = posixpath.split(name)
        base = posixpath.dirname(folder)
        source = posixpath.join(base, file_name[: -len(".rels")]) if file_name != ".rels" else ""
        found = []
        for element in parse_xml(self.read_xml(name)):
            if local_name(element) != "Relationship":
                continue
            target = element.get("Target", "")
            is_external = element.get("TargetMode", "").lower() == "external" or (
                is_elsewhere(target)
            )
            if not is_external:
                path = unquote(target.partition("#")[0])
                target = posixpath.normpath(posixpath.join("/", base, path)).lstrip("/")
            found.append(
                Relationship(
                    source=source,
                    id=element.get("Id", ""),
                    kind=element.get("Type", "").rpartition("/")[2],
                    target=target,
                    is_external=is_external,
                )
            )
        return found
