"""Files that are taken, and the reason that each other is given."""

import io

import docx as python_docx
import pikepdf
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.fake_files import make_pdf
from submissions.responses.errors import FileRefused
from submissions.responses.file_types.detecting import TYPES, refuse_macro_ending
from tests.sample_files import (
    DOCX_MAIN,
    ODT_TYPE,
    OFFICE,
    STRICT_RELS,
    add_document,
    archive,
    compound_file,
    docx,
    encrypted_odt,
    heic,
    manifest,
    odt,
    pdf,
    picture,
    rels,
    xlsx,
)
from tests.submissions.responses.file_refusals import another, damaged, refusal_of

WITHOUT_MACROS = (
    "it holds macros, which are small programs. Save it as a file without macros or as a PDF, "
    "then try again"
)
EMBEDDED = (
    "another file or a program is embedded in it. Save it as a PDF, and add what is embedded as "
    "a file of its own"
)
REMOTE = (
    "it loads a part of itself, such as its template or a picture, from another computer. Save "
    "it as a PDF, then try again"
)
PROTECTED = "it is protected. Save it without a password or restrictions, then try again"
PDF_PROGRAM = (
    "it holds a program (JavaScript), starts one, or is a form that is made of one. Print it to "
    "a new PDF, then add that"
)
PDF_REMOTE = (
    "as soon as it is opened, it asks another computer. Print it to a new PDF, then add that"
)
CELL_PROGRAM = "one of its cells starts a program. Take that cell out, then try again"
PDF_EMBEDDED = (
    "other files are embedded in it. Print it to a new PDF, and add the other files each by itself"
)
NOT_TEXT = "it cannot be read as text. Save it as plain text in UTF-8, then try again"


def from_python_docx():
    out = io.BytesIO()
    document = python_docx.Document()
    document.add_paragraph("Words")
    document.add_picture(io.BytesIO(picture()))
    document.save(out)
    return out.getvalue()


def from_xlsxwriter():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet().write_url(0, 0, "https://example.org/")
    return out.getvalue()


def with_javascript(document):
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def with_launch_deep_inside(document):
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="calc.exe")
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, A=pikepdf.Dictionary(Next=[action]))
    document.pages[0].Annots = [document.make_indirect(note)]


def with_file_inside(document):
    document.attachments["more.exe"] = b"MZ"


def with_form_of_a_program(document):
    document.Root.AcroForm = pikepdf.Dictionary(XFA="<xdp/>", Fields=[])


def with_title_about_programs(document):
    document.docinfo["/Title"] = "On /JavaScript, /Launch and /Encrypt 5 0 R"


def with_launch_by_another_object(document):
    kind = document.make_indirect(pikepdf.Name.Launch)
    document.Root.OpenAction = document.make_indirect(pikepdf.Dictionary(S=kind, F="calc.exe"))


def with_rich_media_by_another_object(document):
    kind = document.make_indirect(pikepdf.Name.RichMedia)
    document.pages[0].Annots = [pikepdf.Dictionary(Subtype=kind)]


def with_page_asked_for_on_opening(document):
    asked = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/")
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.GoTo, Next=[asked])


def with_file_of_a_server_on_a_page(document):
    asked = pikepdf.Dictionary(S=pikepdf.Name.GoToR, F="\\\\server\\a", D=[0, pikepdf.Name.Fit])
    document.pages[0].AA = pikepdf.Dictionary(O=asked)


def with_form_that_is_filled_on_opening(document):
    filled = pikepdf.Dictionary(S=pikepdf.Name.ImportData, F="\\\\server\\a.fdf")
    document.Root.OpenAction = filled


def with_content_elsewhere(document):
    stream = pikepdf.Stream(document, b"")
    stream.F = "https://example.org/a"
    document.Root.Extra = document.make_indirect(stream)


def with_link(document):
    link = pikepdf.Dictionary(S=pikepdf.Name.URI, URI="https://example.org/")
    document.pages[0].Annots = [pikepdf.Dictionary(Subtype=pikepdf.Name.Link, A=link)]


def protected_pdf(**passwords):
    return pdf(encryption=pikepdf.Encryption(**passwords))


def damaged_object_stream():
    content = pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)
    head, word, packed = content.partition(b"\nstream\n")
    return head + word + bytes(10) + packed[10:]


def chart_of(workbook):
    """A DOCX with the workbook of a chart inside."""
    return docx(
        types={"word__charts__chart1_xml": f"{OFFICE}drawingml.chart+xml"},
        rels_of=[("chart", "charts/chart1.xml", False)],
        **{
            "word/charts/chart1.xml": "<c/>",
            "word/charts/_rels/chart1.xml.rels": rels(("package", "../embeddings/a.xlsx", False)),
            "word/embeddings/a.xlsx": workbook,
        },
    )


def fields(*codes):
    """Paragraphs of fields, each code with its begin and its end."""
    return "".join(
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>'
        f'{code}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
        for code in codes
    )


SHEET = f"{OFFICE}spreadsheetml"


def with_connection(attributes):
    return xlsx(
        types={"xl__c_xml": f"{SHEET}.connections+xml"},
        **{"xl/c.xml": f"<connections><connection id='1' {attributes}/></connections>"},
    )


AVIF = heic().replace(b"ftypheic\0\0\0\0mif1heic", b"ftypavif\0\0\0\0avifmif1")


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("docx", docx()),
        ("docx", docx("word/document2.xml")),
        ("docx", docx("anything/Text.XML")),
        ("docx", docx(**{"_rels/.rels": rels((f"{STRICT_RELS}/officeDocument",
                                              "/word/document.xml", False))})),
        ("docx", docx() + b"\0" * 3000),
        ("docx", docx(**{"word/vbaProject.txt": "a name is no macro"})),
        ("docx", from_python_docx()),
        ("docx", docx(rels_of=[("hyperlink", "https://example.org/", True)])),
        ("docx", docx(rels_of=[("attachedTemplate", "file:///C:\\Users\\jo\\Report.dotx", True)])),
        ("docx", docx(rels_of=[("attachedTemplate", "Normal.dotm", True)])),
        ("docx", docx(rels_of=[("attachedTemplate", "Macintosh%20HD:Users:jo:a.dotm", True)])),
        ("docx", docx(rels_of=[("attachedTemplate", "file://localhost/Users/jo/a.dotm", True)])),
        ("docx", docx(body=fields('HYPERLINK "https://example.org/DDE/"', "PAGE"))),
        ("docx", docx(body=fields('INCLUDEPICTURE "C:\\\\Users\\\\jo\\\\a.png" \\d'))),
        ("docx", docx(**{"docProps\\app.xml": "<a/>"})),
        ("docx", chart_of(from_xlsxwriter())),
        ("xlsx", with_connection("refreshOnLoad='0'")),
        ("xlsx", from_xlsxwriter()),
        ("xlsx", xlsx()),
        ("odt", odt()),
        ("odt", odt() + b"\0" * 100),
        ("odt", odt('<text:a xlink:href="https://example.org/">there</text:a>')),
        ("odt", odt('<draw:image xlink:href="file:///C:/Users/jo/a.png"/>')),
        ("odt", odt('<draw:area-circle xlink:href="https://example.org/"/>')),
        ("odt", odt("<office:scripts/>")),
        ("odt", odt(**{"META-INF/manifest.xml": '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice'
                       '.org//DTD Manifest 1.0//EN" "Manifest.dtd">' + manifest()})),
        ("odt", odt(**{"Basic/script-lc.xml": "<l/>", "Basic/Standard/script-lb.xml": "<l/>"})),
        ("pdf", make_pdf("Words")),
        ("pdf", make_pdf("Words") + b"\0" * 5000),
        ("pdf", b"junk\n" + make_pdf("Words")),
        ("pdf", make_pdf("The trailer says /Encrypt 5 0 R; /JavaScript; /JS; /Launch")),
        ("pdf", pdf(change=with_title_about_programs)),
        ("pdf", pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)),
        ("pdf", pdf(change=with_link)),
        ("txt", "Café, naïve, 10 £".encode()),
        ("txt", "Café, naïve, 10 £".encode("cp1252")),
        ("txt", "Café".encode("utf-16")),
        ("txt", "Café".encode("utf-32")),
        ("txt", "Café".encode() + b"\0" * 512),
        ("txt", b"The end of a file of DOS\r\n\x1a"),
        ("txt", "我们需要一个新的屋顶，因为旧的屋顶在漏水。请尽快修理。".encode("gb18030") * 20),
        ("csv", b"a;b\r\n1;2\r\n"),
        ("csv", "Name;Café\r\n".encode("utf-16-le")),
        ("csv", "Name;Café\r\n".encode("utf-16-be") + b"\0" * 7),
        ("csv", b"a,b\r\n=A1+B1,-2\r\n+44 20 7946 0000,yes | no!\r\n- yes | no!\r\n"),
        ("jpg", picture("JPEG", progressive=True)),
        ("jpg", picture("JPEG") + b"what a camera adds"),
        ("jpg", picture("JPEG")),
        ("png", picture("PNG")),
        ("heic", heic()),
    ],
)  # fmt: skip
def test_file_is_taken_whatever_program_wrote_it(kind, content):
    assert refusal_of(kind, content) == "taken"


MACRO_MAIN = "application/vnd.ms-word.document.macroEnabled.main+xml"
VBA = "application/vnd.ms-office.vbaProject"
EVENT = '<script:event-listener script:language="ooo:script" xlink:href="vnd.sun.star.script:a"/>'


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("docx", docx(main_type=MACRO_MAIN), WITHOUT_MACROS),
        ("docx", docx(types={"word__other_bin": VBA}, **{"word/other.bin": "x"}), WITHOUT_MACROS),
        (
            "docx",
            docx(rels_of=[("http://schemas.microsoft.com/office/2006/relationships/vbaProject",
                           "x.xml", False)]),
            WITHOUT_MACROS,
        ),
        (
            "xlsx",
            xlsx(types={"xl__m_xml": "application/vnd.ms-excel.macrosheet+xml"},
                 **{"xl/m.xml": "<m/>"}),
            WITHOUT_MACROS,
        ),
        (
            "xlsx",
            xlsx(rels_of=[("http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet",
                           "m.xml", False)]),
            WITHOUT_MACROS,
        ),
        ("docx", chart_of(docx(main_type=MACRO_MAIN)), WITHOUT_MACROS),
        ("odt", odt(**{"Basic\\Standard\\Module1.xml": "<m/>"}), WITHOUT_MACROS),
        ("odt", odt('<text:script script:language="JavaScript">a()</text:script>'), WITHOUT_MACROS),
        ("odt", odt('<text:execute-macro text:name="a"/>'), WITHOUT_MACROS),
        ("odt", odt(**{"Basic/Standard/Module1.xml": "<m/>"}), WITHOUT_MACROS),
        ("odt", odt(**{"Scripts/python/a.py": "pass"}), WITHOUT_MACROS),
        ("odt", odt(EVENT), WITHOUT_MACROS),
        ("docx", docx(**{"word/embeddings/a.dat": compound_file("\1Ole10Native")}), EMBEDDED),
        ("docx", docx(**{"word/media/image1.png": b"MZ\x90\0"}), EMBEDDED),
        ("docx", docx(rels_of=[("oleObject", "https://example.org/a", True)]), EMBEDDED),
        ("docx", docx(rels_of=[("control", "activeX/activeX1.xml", False)]), EMBEDDED),
        ("docx", docx(rels_of=[("aFChunk", "a.html", False)]), EMBEDDED),
        ("docx", chart_of(b"a program"), EMBEDDED),
        ("docx", chart_of(chart_of(from_xlsxwriter())), EMBEDDED),
        ("docx", docx(body="<w:p><w:r><w:instrText> DD</w:instrText></w:r><w:r><w:instrText>EAUTO "
                           "c:\\cmd.exe</w:instrText></w:r></w:p>"), EMBEDDED),
        ("docx", docx(body='<w:fldSimple w:instr="DDE excel a"/>'), EMBEDDED),
        ("docx", docx(body=fields("PAGE", "ddeauto c:\\cmd.exe")), EMBEDDED),
        ("docx", docx(body=fields(f"IF 1=1 {'</w:instrText></w:r>'}{fields('DDE a b')}"
                                  "<w:r><w:instrText>")), EMBEDDED),
        (
            "xlsx",
            xlsx(types={"xl__l_xml": f"{OFFICE}spreadsheetml.externalLink+xml"},
                 **{"xl/l.xml": '<externalLink><ddeLink ddeService="cmd"/></externalLink>'}),
            EMBEDDED,
        ),
        ("odt", odt(**{"Object 1": compound_file("Workbook")}), EMBEDDED),
        ("odt", odt("<draw:applet/>"), EMBEDDED),
        ("odt", odt('<text:dde-connection-decl office:dde-application="cmd"/>'), EMBEDDED),
        ("odt", odt('<office:dde-source office:dde-application="cmd"/>'), EMBEDDED),
        ("odt", odt('<draw:floating-frame xlink:href="x"/>'), EMBEDDED),
        ("docx", docx(rels_of=[("attachedTemplate", "https://example.org/t.dotm", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", "\\\\server\\t.dotm", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", "file://server/t.dotm", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", "file:///\\\\server\\t", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", "file:///%5C%5Cserver%5Ct", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", " \\\\server\\t.dotm", True)]), REMOTE),
        ("docx", docx(rels_of=[("attachedTemplate", "https://example.org/t.dotm", False)]), REMOTE),
        ("docx", docx(body=fields('INCLUDEPICTURE "https://example.org/a.png" \\d')), REMOTE),
        ("docx", docx(body=fields('includetext "\\\\\\\\server\\\\a.docx"')), REMOTE),
        ("docx", docx(body='<v:imagedata xmlns:v="urn:schemas-microsoft-com:vml" '
                           'src="https://example.org/a.png"/>'), REMOTE),
        ("xlsx", with_connection("refreshOnLoad='1'"), REMOTE),
        ("odt", odt('<draw:image xlink:href="sftp://server/a.png"/>'), REMOTE),
        ("odt", odt('<draw:image xlink:href="%5C%5Cserver/a.png"/>'), REMOTE),
        ("docx", docx(rels_of=[("frame", "http://example.org/", True)]), REMOTE),
        ("docx", docx(rels_of=[("image", "http://example.org/a.png", True)]), REMOTE),
        ("odt", odt('<draw:image xlink:href="https://example.org/a.png"/>'), REMOTE),
        ("odt", odt('<text:section-source xlink:href="\\\\server\\a.odt"/>'), REMOTE),
        ("docx", compound_file("EncryptionInfo", "EncryptedPackage"), PROTECTED),
        ("xlsx", compound_file("EncryptionInfo", "EncryptedPackage"), PROTECTED),
        ("odt", encrypted_odt(), PROTECTED),
        (
            "odt",
            odt(**{"META-INF/manifest.xml": manifest("<manifest:file-entry "
                   "manifest:full-path='content.xml'><manifest:encryption-data/>"
                   "</manifest:file-entry>")}),
            PROTECTED,
        ),
        ("pdf", protected_pdf(user="x", owner="y"), PROTECTED),
        ("pdf", protected_pdf(owner="y"), PROTECTED),
        ("docx", compound_file("WordDocument"),
         "it is an older Word file (DOC). Save it as DOCX, then try again"),
        ("xlsx", compound_file("Workbook"),
         "it is an older Excel file (XLS). Save it as XLSX, then try again"),
        ("docx", docx(main_type=DOCX_MAIN.replace("document.main", "template.main")),
         "it is a template. Save it as a document of the type DOCX, then try again"),
        ("odt", odt(mimetype=f"{ODT_TYPE}-template"),
         "it is a template. Save it as a document of the type ODT, then try again"),
        ("docx", odt(), another("DOCX", "ODT")),
        ("odt", docx(), another("ODT", "DOCX")),
        ("docx", xlsx(), another("DOCX", "XLSX")),
        ("odt", odt(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
         another("ODT", "ODS")),
        ("docx", b"{\\rtf1 Words}", another("DOCX", "RTF")),
        ("docx", make_pdf("Words"), another("DOCX", "PDF")),
        ("pdf", b"<html></html>", another("PDF", "HTML")),
        ("txt", picture("PNG"), another("TXT", "PNG")),
        ("jpg", picture("PNG"), another("JPG", "PNG")),
        ("png", picture("JPEG"), another("PNG", "JPG")),
        ("docx", b"not a zip", damaged("DOCX")),
        ("docx", archive({"word/document.xml": "<w/>"}), damaged("DOCX")),
        ("docx", docx(**{"word/document.xml": "<!DOCTYPE a><a/>",
                         "[Content_Types].xml": "<!DOCTYPE a><a/>"}), damaged("DOCX")),
        ("docx", docx(**{"WORD/document.xml": "<w/>"}), damaged("DOCX")),
        ("odt", archive({"mimetype": ODT_TYPE, "content.xml": "<x/>"}), damaged("ODT")),
        ("odt", archive({"META-INF/manifest.xml": manifest()}), damaged("ODT")),
        ("odt", odt(**{"META-INF/manifest.xml": '<!DOCTYPE a [<!ENTITY b "c">]>' + manifest()}),
         damaged("ODT")),
        ("pdf", make_pdf("Words")[:20], damaged("PDF")),
        ("pdf", damaged_object_stream(), damaged("PDF")),
        ("jpg", picture("JPEG", size=(900, 900))[:-1500], damaged("JPG")),
        ("png", picture("PNG")[:-9], damaged("PNG")),
        ("heic", heic()[:40], damaged("HEIC")),
        ("heic", AVIF, another("HEIC", "AVIF")),
        ("jpg", heic(), another("JPG", "HEIC")),
        ("png", picture("GIF"), another("PNG", "GIF")),
        ("jpg", picture("WEBP"), another("JPG", "WEBP")),
        ("jpg", picture("TIFF"), another("JPG", "TIFF")),
        ("pdf", compound_file("WordDocument"), another("PDF", "DOC")),
        ("csv", compound_file("Workbook"), another("CSV", "XLS")),
        ("txt", b"{\\rtf1 Words}", another("TXT", "RTF")),
        ("txt", b"%PDF-1.4 letters only", another("TXT", "PDF")),
        ("docx", b"<html>" + docx(), another("DOCX", "HTML")),
        ("docx", b"MZ" + docx(), damaged("DOCX")),
        ("pdf", b"MZ" + make_pdf("Words"), damaged("PDF")),
        ("pdf", docx()[:400] + make_pdf("Words"), damaged("PDF")),
        ("txt", b"\x00\x01\x02", NOT_TEXT),
        ("csv", b"\x00\x01\x02", NOT_TEXT),
        ("pdf", pdf(change=with_javascript), PDF_PROGRAM),
        ("pdf", pdf(change=with_launch_deep_inside), PDF_PROGRAM),
        ("pdf", pdf(change=with_form_of_a_program), PDF_PROGRAM),
        (
            "pdf",
            pdf(change=with_javascript, object_stream_mode=pikepdf.ObjectStreamMode.generate),
            PDF_PROGRAM,
        ),
        ("pdf", pdf(change=with_javascript).replace(b"/JavaScript", b"/J#61vaScript"), PDF_PROGRAM),
        ("pdf", pdf(change=with_file_inside), PDF_EMBEDDED),
        ("pdf", pdf(change=add_document), PDF_EMBEDDED),
        ("pdf", pdf(change=with_rich_media_by_another_object), PDF_EMBEDDED),
        ("pdf", pdf(change=with_launch_by_another_object), PDF_PROGRAM),
        ("pdf", pdf(change=with_page_asked_for_on_opening), PDF_REMOTE),
        ("pdf", pdf(change=with_file_of_a_server_on_a_page), PDF_REMOTE),
        ("pdf", pdf(change=with_form_that_is_filled_on_opening), PDF_REMOTE),
        ("pdf", pdf(change=with_content_elsewhere), PDF_REMOTE),
        ("csv", b"a,b\r\n=cmd|'/c calc'!A1,2\r\n", CELL_PROGRAM),
        ("csv", "a;\"-2+3+cmd|' /c calc'!A1\"\r\n".encode("utf-16"), CELL_PROGRAM),
    ],
)  # fmt: skip
def test_file_is_refused_with_the_true_reason_and_what_to_do(kind, content, why):
    assert refusal_of(kind, content) == why


@pytest.mark.parametrize(
    ("name", "allowed", "wanted"),
    [
        ("a.docm", ["pdf", "docx"], "DOCX"),
        ("a.DOTM", ["pdf", "docx"], "DOCX"),
        ("a.xlsm", ["pdf", "xlsx"], "XLSX"),
        ("a.xlsm", ["pdf", "docx"], "PDF"),
    ],
)
def test_ending_that_tells_of_macros_is_refused_with_that_reason(name, allowed, wanted):
    with pytest.raises(FileRefused) as refusal:
        refuse_macro_ending(name, allowed)
    assert refusal.value.message == (
        f"“{name}” was not added: a file of this type can hold macros, which are small programs. "
        f"Save it as {wanted}, then try again"
    )


WHOLE = [
    ("docx", docx()),
    ("odt", odt()),
    ("odt", encrypted_odt()),
    ("pdf", make_pdf("Words")),
    ("pdf", pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate)),
    ("xlsx", xlsx()),
    ("jpg", picture("JPEG")),
    ("png", picture("PNG")),
    ("heic", heic()),
]


@given(content=st.binary(max_size=400), kind=st.sampled_from(sorted(TYPES)))
def test_any_bytes_are_taken_or_refused_in_words(content, kind):
    assert refusal_of(kind, content) == "taken" or refusal_of(kind, content)[0].islower()


@given(
    cut=st.integers(0, 900),
    flips=st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=5),
    whole=st.sampled_from(WHOLE),
)
def test_damaged_files_are_taken_or_refused_in_words(cut, flips, whole):
    kind, content = whole
    broken = bytearray(content[:cut] if cut % 3 == 0 else content)
    for place, byte in flips:
        if broken:
            broken[place % len(broken)] = byte
    said = refusal_of(kind, bytes(broken))
    assert said == "taken" or said[0].islower()
