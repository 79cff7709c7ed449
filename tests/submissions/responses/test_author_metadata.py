"""Copies of files say nothing of who wrote them, and show what the file showed."""

import io
import re
import zlib
from functools import partial

import docx as python_docx
import pikepdf
import pytest
from PIL import Image

from submissions.responses.author_metadata.cleaning import without_author
from submissions.responses.author_metadata.errors import (
    EARLIER_VERSIONS,
    FILES_INSIDE,
    NOT_READ,
    PICTURE_INSIDE,
    SIGNED,
    CannotBeCleaned,
)
from submissions.responses.file_types.detecting import TYPES, refuse_unless_what_it_says
from tests.authored_files import (
    AUTHOR,
    WITH_AUTHOR,
    XMP,
    docx_with_author,
    everything_in,
    exif_of,
    name_author,
    names_author,
    photo,
)
from tests.sample_files import (
    PACKAGE_RELS,
    add_document,
    box,
    compound_file,
    docx,
    entries_of,
    heic,
    odt,
    pdf,
    picture,
    rels,
    xlsx,
)


@pytest.mark.parametrize(("kind", "content"), WITH_AUTHOR)
def test_copy_does_not_name_the_author(kind, content):
    assert names_author(content) != []
    assert names_author(without_author(kind, content)) == []


@pytest.mark.parametrize(("kind", "content"), WITH_AUTHOR)
def test_copy_is_the_same_each_time_and_a_file_that_the_portal_takes(kind, content):
    copy = without_author(kind, content)
    assert without_author(kind, content) == copy
    refuse_unless_what_it_says("copy", kind, io.BytesIO(copy))


@pytest.mark.parametrize("kind", ["txt", "csv"])
def test_plain_text_leaves_as_it_is(kind):
    assert without_author(kind, b"Ada Writer") == b"Ada Writer"


def test_every_type_that_is_taken_can_be_cleaned():
    samples = {"txt": b"a", "csv": b"a", "docx": docx(), "odt": odt(), "xlsx": xlsx(),
               "pdf": pdf(), "jpg": picture(), "png": picture("PNG"), "heic": heic()}  # fmt: skip
    assert {kind for kind in TYPES if without_author(kind, samples[kind])} == set(TYPES)


def test_words_stay_and_two_authors_stay_two():
    parts = entries_of(without_author("docx", docx_with_author()))
    body = parts["word/document.xml"].decode()
    assert body.count('w:author="Author 1"') == 2
    assert body.count('w:author="Author 2"') == 1
    assert "Kept" in body
    assert b'w:initials="A1"' in parts["word/comments.xml"]
    assert set(parts) == {
        "[Content_Types].xml",
        "_rels/.rels",
        "word/document.xml",
        "word/_rels/document.xml.rels",
        "word/comments.xml",
        "word/people.xml",
        "word/settings.xml",
        "word/_rels/settings.xml.rels",
        "word/media/image1.jpg",
    }


def test_copy_of_a_word_file_opens_with_its_words_and_pictures():
    out = io.BytesIO()
    document = python_docx.Document()
    document.core_properties.author = AUTHOR
    document.add_paragraph("Kept")
    document.add_picture(io.BytesIO(photo()))
    document.save(out)
    copy = python_docx.Document(io.BytesIO(without_author("docx", out.getvalue())))
    assert copy.paragraphs[0].text == "Kept"
    assert len(copy.inline_shapes) == 1
    assert names_author(without_author("docx", out.getvalue())) == []


def test_picture_keeps_its_pixels_and_which_way_up_it_is():
    for kind, content in (("JPEG", photo()), ("PNG", picture("PNG", exif=exif_of(AUTHOR)))):
        copy = without_author({"JPEG": "jpg", "PNG": "png"}[kind], content)
        with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(copy)) as after:
            assert before.tobytes() == after.tobytes()
            assert dict(after.getexif()) == ({0x0112: 6} if kind == "JPEG" else {})


def test_pdf_keeps_its_words_and_its_comments():
    found = everything_in(without_author("pdf", pdf("Kept.", change=name_author)))
    assert b"Kept." in found
    assert b"A note" in found
    assert b"xmpmeta" not in found


def test_heic_keeps_its_picture_where_it_was():
    content = heic(exif_of(AUTHOR).tobytes(), XMP)
    copy = without_author("heic", content)
    assert len(copy) == len(content)
    assert b"picture" in copy


def sign(document):
    document.Root.AcroForm = pikepdf.Dictionary(
        Fields=[
            document.make_indirect(
                pikepdf.Dictionary(
                    FT=pikepdf.Name.Sig,
                    V=pikepdf.Dictionary(ByteRange=[0, 1, 2, 3], Contents=AUTHOR, Name=AUTHOR),
                )
            )
        ]
    )


def add_picture(document, *, filters, packed=bytes):
    """A photo inside the PDF, packed once more."""
    image = pikepdf.Stream(document, packed(photo()))
    image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    image.Filter = pikepdf.Array([pikepdf.Name(f"/{name}") for name in filters])
    document.pages[0].obj.Resources.XObject = pikepdf.Dictionary(Im1=document.make_indirect(image))


def test_photo_that_a_pdf_packs_twice_is_cleaned_too():
    add = partial(add_picture, filters=["FlateDecode", "DCTDecode"], packed=zlib.compress)
    content = pdf(change=add)
    with pikepdf.open(io.BytesIO(without_author("pdf", content))) as copy:
        image = copy.pages[0].obj.Resources.XObject.Im1
        raw = image.read_raw_bytes()
        assert str(image.Filter) == "/DCTDecode"
    assert AUTHOR.encode() not in raw
    with Image.open(io.BytesIO(photo())) as before, Image.open(io.BytesIO(raw)) as after:
        assert before.tobytes() == after.tobytes()


def link_to_own_computer(document):
    page = document.pages[0].obj
    page.Annots = [
        pikepdf.Dictionary(
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 9, 9],
            A=pikepdf.Dictionary(S=pikepdf.Name.GoToR, F=address),
        )
        for address in ("/C/Users/adaw/Plan.pdf", "https://example.org/users/plan.pdf")
    ]
    document.Root.Threads = [pikepdf.Dictionary(I=pikepdf.Dictionary(Author=AUTHOR))]


def test_links_of_a_pdf_keep_the_name_of_a_file_and_lose_its_folders():
    found = everything_in(without_author("pdf", pdf(change=link_to_own_computer)))
    assert re.findall(rb"/F \((.*?)\)", found) == [
        b"Plan.pdf",
        b"https://example.org/users/plan.pdf",
    ]
    assert AUTHOR.encode() not in found


def test_gif_and_svg_in_a_document_lose_what_nobody_sees():
    gif = picture("GIF", comment=AUTHOR.encode())
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://www.inkscape.org/namespaces/x" '
        f'i:export="/home/adaw/a.png"><metadata>{AUTHOR}</metadata><i:view/><text>Kept</text></svg>'
    )
    content = docx(
        rels_of=[("image", "media/1.gif", False), ("image", "media/2.svg", False)],
        **{"word/media/1.gif": gif, "word/media/2.svg": svg},
    )
    parts = entries_of(without_author("docx", content))
    assert AUTHOR.encode() in gif
    assert AUTHOR.encode() not in parts["word/media/1.gif"]
    with (
        Image.open(io.BytesIO(gif)) as before,
        Image.open(io.BytesIO(parts["word/media/1.gif"])) as after,
    ):
        assert before.tobytes() == after.tobytes()
    drawn = parts["word/media/2.svg"].decode()
    assert re.findall(r"<(\w+|i:\w+)[ >/]", drawn) == ["svg", "text"]
    assert "adaw" not in drawn


def test_part_that_no_reader_is_led_to_stays_behind():
    content = docx(**{"word/old.xml": f"<old>{AUTHOR}</old>", "docProps/core.xml": "<c/>"})
    assert set(entries_of(content)) - set(entries_of(without_author("docx", content))) == {
        "word/old.xml",
        "docProps/core.xml",
    }


def test_heic_loses_what_stands_between_its_boxes():
    content = heic() + box(b"free", AUTHOR.encode()) + box(b"free", AUTHOR.encode())
    copy = without_author("heic", content)
    assert (len(copy), AUTHOR.encode() in copy) == (len(content), False)


def add_file(document):
    document.attachments["more.txt"] = b"Ada Writer"


@pytest.mark.parametrize(
    ("kind", "content", "reason"),
    [
        ("pdf", pdf(change=sign), SIGNED),
        ("pdf", pdf(change=add_file), FILES_INSIDE),
        ("pdf", pdf(change=add_document), FILES_INSIDE),
        ("pdf", pdf(encryption=pikepdf.Encryption(user="x", owner="y")), NOT_READ),
        ("docx", docx(**{"_rels/.rels": rels(("officeDocument", "word/document.xml", False),
            (f"{PACKAGE_RELS}/digital-signature/origin", "_x/o.sigs", False))}), SIGNED),
        ("docx", docx(rels_of=[("oleObject", "a.bin", False)]), FILES_INSIDE),
        ("docx", docx(rels_of=[("image", "media/a.tiff", False)],
            **{"word/media/a.tiff": b"II*\0"}), PICTURE_INSIDE),
        ("docx", docx(rels_of=[("image", "media/a.gif", False)],
            **{"word/media/a.gif": b"GIF89a"}), NOT_READ),
        ("heic", heic() + box(b"uuid", b"of the camera"), PICTURE_INSIDE),
        ("pdf", pdf(change=partial(add_picture, filters=["ASCII85Decode", "DCTDecode"])),
            PICTURE_INSIDE),
        ("odt", odt(**{"META-INF/documentsignatures.xml": "<s/>"}), SIGNED),
        ("odt", odt(**{"Versions/Version1": "x"}), EARLIER_VERSIONS),
        ("odt", odt(**{"Object 1": compound_file("Workbook")}), FILES_INSIDE),
        ("odt", odt(**{"Pictures/a.webp": b"RIFF\0\0\0\0WEBP"}), PICTURE_INSIDE),
        ("docx", b"PK", NOT_READ),
        ("jpg", b"\xff\xd8\xff", NOT_READ),
        ("png", b"\x89PNG\r\n\x1a\n", NOT_READ),
        ("heic", heic()[:60], NOT_READ),
        ("tiff", b"II*\0", NOT_READ),
    ],
)  # fmt: skip
def test_file_that_cannot_be_cleaned_says_why(kind, content, reason):
    with pytest.raises(CannotBeCleaned) as refusal:
        without_author(kind, content)
    assert refusal.value.reason == reason
