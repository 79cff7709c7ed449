"""Files that say who wrote them, and a look for the name in whatever leaves."""

import io

import pikepdf
import xlsxwriter
from PIL import Image

from tests.sample_files import (
    MICROSOFT_RELS,
    OFFICE,
    PACKAGE_RELS,
    W,
    docx,
    entries_of,
    heic,
    odt,
    pdf,
    picture,
    rels,
    xlsx,
)

AUTHOR = "Ada Writer"
ACCOUNT = "ada@example.org"
W15 = "http://schemas.microsoft.com/office/word/2012/wordml"
X15AC = "http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def exif_of(name, orientation=6):
    exif = Image.Exif()
    exif[0x013B] = name  # Artist
    exif[0x0112] = orientation
    return exif


def photo(kind="JPEG"):
    return picture(kind, exif=exif_of(AUTHOR), comment=AUTHOR.encode())


def everything_in(content):
    """All bytes that a reader could find, those inside archives and PDFs too."""
    if content.startswith(b"PK"):
        return b"".join(
            name.encode() + everything_in(part) for name, part in entries_of(content).items()
        )
    if content.startswith(b"%PDF"):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(content)) as opened:
            opened.save(
                out,
                stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
                compress_streams=False,
                object_stream_mode=pikepdf.ObjectStreamMode.disable,
            )
        return out.getvalue()
    return content


def names_author(content):
    found = everything_in(content)
    return [
        name
        for name in (AUTHOR, ACCOUNT, "adaw", "AW")
        if name.encode() in found or name.encode("utf-16-be") in found
    ]


def docx_with_author():
    return docx(
        types={
            "word__comments_xml": f"{OFFICE}wordprocessingml.comments+xml",
            "word__people_xml": f"{OFFICE}wordprocessingml.people+xml",
            "word__settings_xml": f"{OFFICE}wordprocessingml.settings+xml",
        },
        body=f'<w:ins w:author="{AUTHOR}" w:date="2026-01-01T00:00:00Z"><w:r><w:t>Kept</w:t></w:r>'
        f'</w:ins><w:del w:author="Bo Reader"/><w:p><w:del w:author="{AUTHOR}"/></w:p>',
        rels_of=[
            ("comments", "comments.xml", False),
            (f"{MICROSOFT_RELS}/people", "people.xml", False),
            ("settings", "settings.xml", False),
            ("customXml", "../customXml/item1.xml", False),
            ("image", "media/image1.jpg", False),
        ],
        **{
            "_rels/.rels": rels(
                ("officeDocument", "word/document.xml", False),
                (f"{PACKAGE_RELS}/metadata/core-properties", "elsewhere/core.xml", False),
                ("extended-properties", "docProps/app.xml", False),
                ("custom-properties", "docProps/custom.xml", False),
            ),
            "elsewhere/core.xml": f"<creator>{AUTHOR}</creator>",
            "docProps/app.xml": f"<Manager>{AUTHOR}</Manager>",
            "docProps/custom.xml": f"<p>{AUTHOR}</p>",
            "customXml/item1.xml": f"<Owner>{AUTHOR}</Owner>",
            "customXml/_rels/item1.xml.rels": rels(("customXmlProps", "itemProps1.xml", False)),
            "customXml/itemProps1.xml": "<p/>",
            "word/comments.xml": f'<w:comments xmlns:w="{W}"><w:comment w:id="0" '
            f'w:author="{AUTHOR}" w:initials="AW"/></w:comments>',
            "word/people.xml": f'<w15:people xmlns:w15="{W15}"><w15:person w15:author="{AUTHOR}">'
            f'<w15:presenceInfo w15:userId="{ACCOUNT}"/></w15:person></w15:people>',
            "word/settings.xml": f'<w:settings xmlns:w="{W}"><w:attachedTemplate/></w:settings>',
            "word/_rels/settings.xml.rels": rels(
                ("attachedTemplate", "file:///C:\\Users\\adaw\\Report.dotx", True)
            ),
            "word/media/image1.jpg": photo(),
        },
    )


def xlsx_with_author():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.set_properties({"author": AUTHOR, "manager": AUTHOR, "company": AUTHOR})
        sheet = book.add_worksheet()
        sheet.write(0, 0, "Kept")
        sheet.write_comment(0, 0, f"{AUTHOR}:\nA note", {"author": AUTHOR})
        sheet.write_comment(1, 0, AUTHOR, {"author": AUTHOR})
    return out.getvalue()


def xlsx_of_excel():
    return xlsx(
        types={"xl__persons__person_xml": "application/vnd.ms-excel.person+xml"},
        rels_of=[("person", "persons/person.xml", False)],
        **{
            "xl/workbook.xml": f'<workbook xmlns:mc="{MC}"><mc:AlternateContent><mc:Choice '
            f'Requires="x15"><x15ac:absPath xmlns:x15ac="{X15AC}" url="C:\\Users\\adaw\\"/>'
            f'</mc:Choice></mc:AlternateContent><fileSharing userName="{AUTHOR}"/></workbook>',
            "xl/persons/person.xml": f'<personList><person displayName="{AUTHOR}" '
            f'userId="{ACCOUNT}" providerId="AD"/></personList>',
        },
    )


def docx_of_an_office():
    """Traces that Word leaves of accounts, folders and printers."""
    return docx(
        body=f'<w:permStart w:id="1" w:ed="{AUTHOR}"/><w:r><w:instrText> HYPERLINK '
        '"C:\\Users\\adaw\\Plan.docx" </w:instrText></w:r><w:fldSimple w:instr=\' INCLUDEPICTURE '
        '"\\\\server\\adaw\\logo.png" \'/><w:drawing descr="C:\\Users\\adaw\\logo.png"/>',
        rels_of=[("printerSettings", "printerSettings/1.bin", False)],
        **{
            "_rels/.rels": rels(
                ("officeDocument", "word/document.xml", False),
                (f"{MICROSOFT_RELS}/classificationlabels", "docMetadata/LabelInfo.xml", False),
                (f"{PACKAGE_RELS}/metadata/thumbnail", "docProps/thumbnail.jpeg", False),
            ),
            "word/printerSettings/1.bin": AUTHOR,
            "docMetadata/LabelInfo.xml": f"<l>{ACCOUNT}</l>",
            "docProps/thumbnail.jpeg": photo(),
        },
    )


def xlsx_of_an_office():
    cache = "application/vnd.openxmlformats-officedocument.spreadsheetml.pivotCacheDefinition+xml"
    return xlsx(
        types={"xl__pivotCache__p_xml": cache},
        rels_of=[("pivotCacheDefinition", "pivotCache/p.xml", False)],
        **{
            "xl/workbook.xml": f'<workbook><customWorkbookView name="{AUTHOR} - Personal View"/>'
            f'<scenario user="{AUTHOR}" comment="By {AUTHOR}"/><pageSetup r:id="rId1" '
            'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/>'
            f'<dbPr connection="Provider=X;User ID={ACCOUNT}"/></workbook>',
            "xl/pivotCache/p.xml": f'<pivotCacheDefinition refreshedBy="{AUTHOR}"/>',
        },
    )


def odt_with_author():
    return odt(
        f"<office:annotation><dc:creator>{AUTHOR}</dc:creator><meta:creator-initials>AW"
        "</meta:creator-initials><text:p>A note</text:p></office:annotation>"
        f"<text:tracked-changes><office:change-info><dc:creator>{AUTHOR}</dc:creator>"
        "</office:change-info></text:tracked-changes>",
        **{
            "meta.xml": '<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:'
            f'xmlns:office:1.0"><office:meta><c>{AUTHOR}</c></office:meta></office:document-meta>',
            "settings.xml": '<s xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0">'
            f'<config:config-item config:name="PrinterName">{AUTHOR}</config:config-item></s>',
            "Pictures/1.jpg": photo(),
        },
    )


def name_author(document):
    document.docinfo["/Author"] = document.docinfo["/Manager"] = AUTHOR
    with document.open_metadata() as metadata:
        metadata["dc:creator"] = [AUTHOR]
    page = document.pages[0]
    page.obj.PieceInfo = pikepdf.Dictionary(By=AUTHOR)
    page.obj.Annots = [
        document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Text,
                Rect=[0, 0, 9, 9],
                T=AUTHOR,
                Contents="A note",
            )
        )
    ]
    image = pikepdf.Stream(document, photo())
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Filter = pikepdf.Name.DCTDecode
    page.obj.Resources.XObject = pikepdf.Dictionary(Im1=document.make_indirect(image))


XMP = f"<x:xmpmeta>{AUTHOR}</x:xmpmeta>".encode()
WITH_AUTHOR = [
    ("docx", docx_with_author()),
    ("xlsx", xlsx_with_author()),
    ("docx", docx_of_an_office()),
    ("xlsx", xlsx_of_excel()),
    ("xlsx", xlsx_of_an_office()),
    (
        "odt",
        odt('<draw:a xlink:href="file:///home/adaw/Plan.odt"/>'),
    ),
    ("odt", odt_with_author()),
    ("pdf", pdf(change=name_author)),
    ("jpg", photo()),
    ("jpg", photo() + photo()),
    ("png", picture("PNG", exif=exif_of(AUTHOR))),
    ("heic", heic(exif_of(AUTHOR).tobytes(), XMP)),
]
