"""The template of python-docx, without what no Word file of the portal uses.

With its 150 styles, in two versions, its theme and its picture, each file would have 35 kB more,
and take eight times as long to write. A program that opens the file has all of that itself.
"""

from collections.abc import Iterable

from docx.document import Document
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from lxml import etree

BULLET = "ListBullet"
QUOTE = "Quote"
TABLE = "TableGrid"
# The styles that a body may name; those on which they are built stay, too.
NAMED = ("Normal", "Footer", *(f"Heading{level}" for level in range(1, 7)), BULLET, QUOTE, TABLE)
DEFAULTS = ("DefaultParagraphFont", "TableNormal", "NoList")
TIES = ("basedOn", "link", "next")
# The ends of the names of relationships to parts that are left out.
PARTS = (
    "/stylesWithEffects",
    "/webSettings",
    "/customXml",
    "/thumbnail",
    "/theme",
    "/fontTable",
    "/extended-properties",
)
# What the theme says of the fonts.
FONTS = {"major": "Calibri", "minor": "Cambria"}
# WCAG 2.2, 1.4.3 asks 4.5 of small headings: on white the blue of the template has 4.0.
PALE, DARK = "4F81BD", "365F91"
IGNORABLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Ignorable"


def leave_out_unused(document: Document) -> None:
    for relationships in (document.part.rels, document.part.package.rels):
        for key in [key for key, one in relationships.items() if one.reltype.endswith(PARTS)]:
            del relationships[key]
    styles = document.styles.element
    _keep_styles(styles)
    _name_fonts(styles)
    settings = document.settings.element
    _drop(settings, [child.tag for child in settings if child.tag != qn("w:compat")])
    _keep_lists(document.part.numbering_part.element, styles)
    roots = [document.element, styles, settings, document.part.numbering_part.element]
    roots += [section.footer._element for section in document.sections]
    for root in roots:
        root.attrib.pop(IGNORABLE, None)
        etree.cleanup_namespaces(root, keep_ns_prefixes=["w", "r"])


def darken_headings(document: Document) -> None:
    for colour in document.styles.element.iter(qn("w:color")):
        if colour.get(qn("w:val")) == PALE:
            colour.attrib.clear()  # with its place in the theme, which would count before it
            colour.set(qn("w:val"), DARK)


def _drop(parent: BaseOxmlElement, tags: Iterable[str]) -> None:
    for tag in set(tags):
        for child in parent.findall(tag):
            parent.remove(child)


def _keep_styles(styles: BaseOxmlElement) -> None:
    _drop(styles, [qn("w:latentStyles")])
    by_name = {style.get(qn("w:styleId")): style for style in styles.style_lst}
    kept: set[str] = set()
    wanted = [*NAMED, *DEFAULTS]
    while wanted:
        name = wanted.pop()
        if name not in kept:
            kept.add(name)
            ties = (by_name[name].find(qn(f"w:{tie}")) for tie in TIES)
            wanted += [tie.get(qn("w:val")) for tie in ties if tie is not None]
    for name in by_name.keys() - kept:
        styles.remove(by_name[name])


def _name_fonts(styles: BaseOxmlElement) -> None:
    """Write the names of the fonts in the place of those that the theme would name."""
    for fonts in styles.iter(qn("w:rFonts")):
        themed = fonts.get(qn("w:asciiTheme"), "")
        for name in list(fonts.attrib):
            if name.endswith("Theme"):
                del fonts.attrib[name]
        for theme, font in FONTS.items():
            if themed.startswith(theme):
                fonts.set(qn("w:ascii"), font)
                fonts.set(qn("w:hAnsi"), font)


def _keep_lists(numbering: BaseOxmlElement, styles: BaseOxmlElement) -> None:
    """Keep the lists that a style names."""
    used = {number.get(qn("w:val")) for number in styles.iter(qn("w:numId"))}
    lists = {}
    for number in numbering.findall(qn("w:num")):
        if number.get(qn("w:numId")) in used:
            lists[number.find(qn("w:abstractNumId")).get(qn("w:val"))] = number
        else:
            numbering.remove(number)
    for abstract in numbering.findall(qn("w:abstractNum")):
        if abstract.get(qn("w:abstractNumId")) not in lists:
            numbering.remove(abstract)
