"""The elements of a codebook in REFI-QDA 1.0, which NVivo, ATLAS.ti, MAXQDA and QualCoder read.

Source: QDA-XML, Codebook.xsd and Project.xsd of 18 March 2019 (qdasoftware.org).
"""

from collections.abc import Callable, Iterable

from core.release import NAME, VERSION
from core.xml_text import element, tag
from review.models import Code

CODEBOOK = "urn:QDA-XML:codebook:1.0"
ORIGIN = f"{NAME} {VERSION}"


def root_of_codebook() -> str:
    return tag("CodeBook", {"xmlns": CODEBOOK, "origin": ORIGIN})


def code_elements(
    codes: Iterable[Code],
    *,
    description: Callable[[Code], str],
    is_codable: Callable[[Code], bool] = lambda code: True,
    notes: Callable[[Code], str] = lambda code: "",
) -> list[str]:
    """Return a Code element for each code, with those below it inside, in the order of `codes`."""
    children: dict[int | None, list[Code]] = {}
    for code in codes:
        children.setdefault(code.parent_id, []).append(code)

    def below(parent: int | None) -> list[str]:
        made: list[str] = []
        for code in children.get(parent, ()):
            identity = {
                "guid": code.guid,
                "name": code.name,
                "isCodable": "true" if is_codable(code) else "false",
                "color": code.colour or None,
            }
            made.append(tag("Code", identity))
            if words := description(code):
                made.append(element("Description", words))
            made += [notes(code), *below(code.pk), "</Code>"]
        return made

    return below(None)
