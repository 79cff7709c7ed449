"""Files as office programs, cameras and attackers write them, made by code."""

import io
import struct
import zipfile

import pikepdf
from PIL import Image

from rehearsal.fake_files import make_pdf

OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
TYPES_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/content-types"
RELS_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_RELS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
MICROSOFT_RELS = "http://schemas.microsoft.com/office/2011/relationships"
OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX_MAIN = f"{OFFICE}wordprocessingml.document.main+xml"
XLSX_MAIN = f"{OFFICE}spreadsheetml.sheet.main+xml"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def archive(entries, *, stored=()):
    """A ZIP of `entries`, name -> text or bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            kind = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            made.writestr(name, content, compress_type=kind)
    return out.getvalue()


def entries_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def rels(*relationships):
    """A part of relationships: (kind or whole type, target, external)."""
    lines = "".join(
        '<Relationship Id="rId{}" Type="{}" Target="{}"{}/>'.format(
            number,
            kind if "/" in kind else f"{OFFICE_RELS}/{kind}",
            target,
            ' TargetMode="External"' if external else "",
        )
        for number, (kind, target, external) in enumerate(relationships, start=1)
    )
    return f'<Relationships xmlns="{RELS_NAMESPACE}">{lines}</Relationships>'


def content_types(**by_part):
    """[Content_Types].xml; two underscores in a name stand for a slash, one for a dot."""
    lines = "".join(
        f'<Override PartName="/{name.replace("__", "/").replace("_", ".")}" ContentType="{kind}"/>'
        for name, kind in by_part.items()
    )
    return (
        f'<Types xmlns="{TYPES_NAMESPACE}"><Default Extension="xml" ContentType="application/xml"/>'
        f'<Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{lines}</Types>'
    )


def docx(main="word/document.xml", *, main_type=DOCX_MAIN, body="", types=None, rels_of=(), **more):
    """A DOCX; `rels_of` are relationships of its main part, `more` further parts."""
    folder, _, name = main.rpartition("/")
    parts = {
        "[Content_Types].xml": content_types(
            **{main.replace(".", "_").replace("/", "__"): main_type} | (types or {})
        ),
        "_rels/.rels": rels(("officeDocument", main, False)),
        main: f'<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>Words</w:t></w:r></w:p>{body}'
        "</w:body></w:document>",
    }
    if rels_of:
        parts[f"{folder}/_rels/{name}.rels"] = rels(*rels_of)
    return archive(parts | more)


def xlsx(**more):
    return docx(
        "xl/workbook.xml",
        main_type=XLSX_MAIN,
        **more,
    )


ODT_TYPE = "application/vnd.oasis.opendocument.text"
MANIFEST_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:script="urn:oasis:names:tc:opendocument:xmlns:script:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    'xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:xlink="http://www.w3.org/1999/xlink"'
)


def manifest(*entries, media_type=ODT_TYPE):
    return (
        f'<manifest:manifest xmlns:manifest="{MANIFEST_NAMESPACE}"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{media_type}"/>{"".join(entries)}'
        "</manifest:manifest>"
    )


def odt(body="", **more):
    parts = {
        "mimetype": ODT_TYPE,
        "content.xml": f"<office:document-content {ODF}><office:body><office:text>"
        f"<text:p>Words</text:p>{body}</office:text></office:body></office:document-content>",
        "META-INF/manifest.xml": manifest(),
    }
    return archive(parts | more, stored=("mimetype",))


def encrypted_odt():
    """As LibreOffice 24.8 writes it: the whole document is one entry."""
    entry = (
        '<manifest:file-entry manifest:full-path="encrypted-package" manifest:size="9">'
        "<manifest:encryption-data/></manifest:file-entry>"
    )
    return archive(
        {
            "mimetype": ODT_TYPE,
            "encrypted-package": b"\x8f" * 400,
            "META-INF/manifest.xml": manifest(entry),
        },
        stored=("mimetype",),
    )


def compound_file(*streams):
    """The head of a compound file, and the names of its streams."""
    return OLE_SIGNATURE + b"\0" * 504 + b"".join(name.encode("utf-16-le") for name in streams)


def pdf(text="Words.", *, change=None, **saving):
    """A PDF; `change` gets the open one before it is saved."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(make_pdf(text))) as made:
        if change:
            change(made)
        made.save(out, **saving)
    return out.getvalue()


def add_document(document):
    """Put the document itself into the PDF, as LibreOffice does for a hybrid one."""
    stream = document.make_stream(odt())
    document.trailer.AdditionalStreams = [pikepdf.Name("/application/x"), stream]


def picture(kind="JPEG", *, size=(16, 12), **saving):
    out = io.BytesIO()
    Image.new("RGB", size, "navy").save(out, kind, **saving)
    return out.getvalue()


def box(kind, content):
    return struct.pack(">I", len(content) + 8) + kind + content


def heic(exif=b"MM", xmp=b"<x/>"):
    """The container of a HEIC picture with its Exif and XMP items; the picture is not decoded."""
    items = [(1, b"hvc1", b"picture"), (2, b"Exif", b"\0\0\0\0" + exif), (3, b"mime", xmp)]
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    infes = b"".join(
        box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + kind + b"\0")
        for number, kind, _ in items
    )
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", len(items)) + infes)
    hdlr = box(b"hdlr", b"\0" * 8 + b"pict" + b"\0" * 13)

    def meta(places):
        rows = b"".join(
            struct.pack(">HHHII", number, 0, 1, place, len(content))
            for (number, _, content), place in zip(items, places, strict=True)
        )
        iloc = box(b"iloc", b"\0\0\0\0\x44\0" + struct.pack(">H", len(items)) + rows)
        return box(b"meta", b"\0\0\0\0" + hdlr + iinf + iloc)

    start = len(head) + len(meta([0, 0, 0])) + 8
    places = []
    for _, _, content in items:
        places.append(start)
        start += len(content)
    return head + meta(places) + box(b"mdat", b"".join(content for *_, content in items))
