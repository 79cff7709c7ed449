"""Whether the text of a PDF lies on its pages, measured by the font's own widths."""

from fontTools.ttLib import TTFont

from core.typesetting import FONTS
from tests.measuring import unmeasured

# What ran off the page: no space, or none where a line could break.
LONG = [
    "_" * 120,
    "C:\\Users\\anna\\Documents\\bids\\2019\\final\\folder\\response_to_the_call_for_evidence_v7.docx",
    "/srv/shared/bids/2019/final/really/long/folder/names/here/response_to_the_call_for_evidence.odt",
    "a;b;c;" * 40,
    "jo.smith@example.org,anna.jones@example.org,third.person@example.org,another@example.org",
    "https://www.example.org/a/very/long/path/to/a/document?with=query&and=more#and-a-long-fragment",
    "x" * 200,
    "0123456789" * 12,
]


@unmeasured
def widest_line(reader, *, size, but=None):
    """The width in points of the longest line, as if all were set in Noto Sans at `size`.

    Lines that begin with `but` are smaller, and do not count.
    """
    with TTFont(FONTS / "NotoSans[wght].ttf", lazy=True) as font:
        names, widths = font.getBestCmap(), font["hmtx"]
        scale = size / font["head"].unitsPerEm
        return max(
            sum(widths[names[ord(sign)]][0] for sign in line if ord(sign) in names) * scale
            for page in reader.pages
            for line in page.extract_text().splitlines()
            if but is None or not line.startswith(but)
        )
