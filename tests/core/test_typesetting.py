"""PDFs out of data: read back with pypdf."""

import io

import pypdf
import pytest
import typst

from core.typesetting import pdf, showable

TEMPLATE = """
#set document(title: "A title")
#set text(font: "Noto Sans", lang: "en")
#let data = json(bytes(sys.inputs.data))
= #data.heading
#for one in data.texts [#par(one)]
"""


def read(*texts, **more):
    data = pdf(TEMPLATE, {"heading": "Heading", "texts": texts}, **more)
    return pypdf.PdfReader(io.BytesIO(data))


def test_what_somebody_typed_is_never_markup():
    typed = '#panic("no") *bold* $x$ @ref <label> \\ "quoted"'
    assert typed in read(typed).pages[0].extract_text()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u00a3 \u201cquoted\u201d", "plain \u00a3 \u201cquoted\u201d"),
        ("\u05e9\u0645 \U0001f600", "\u05e9\u0645 \U0001f600"),
        ("a\u200db\ufe0f", "a\u200db\ufe0f"),
        ("\u4e2d", "[U+4E2D]"),
        ("a\x0bb", "a[U+000B]b"),
        ("\U000f0000", "[U+F0000]"),
    ],
)
def test_character_that_no_font_has_is_shown_by_its_number(text, shown):
    assert showable(text) == shown


def test_pdf_is_tagged_and_dated_as_asked_and_the_same_again():
    first = pdf(TEMPLATE, {"heading": "Heading", "texts": ["One"]}, seconds=1_563_966_000)
    assert pdf(TEMPLATE, {"heading": "Heading", "texts": ["One"]}, seconds=1_563_966_000) == first
    reader = pypdf.PdfReader(io.BytesIO(first))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert reader.metadata["/CreationDate"].startswith("D:20190724110000")


def test_fonts_are_those_of_the_package_only():
    fonts = read("Words \U0001f600").pages[0]["/Resources"]["/Font"].values()
    names = {str(font.get_object()["/BaseFont"]).split("+")[-1] for font in fonts}
    assert all(name.startswith("Noto") for name in names)


def test_wrong_template_is_raised():
    with pytest.raises(typst.TypstError):
        pdf("#nothing", {})
