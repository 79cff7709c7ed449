"""Small fake files in place of those that respondents upload."""

from random import Random

from rehearsal.fake_words import make_fake_text
from submissions.calls.models import Question

_LINE = 85  # characters of a 10 point line on A4


def make_fake_file(
    question: Question, random: Random, *, always: bool = False
) -> tuple[str, str, bytes] | None:
    """Return name, type and bytes of a PDF or text file; None if the question accepts neither.

    Where it takes PDFs alone, every other time it is None, too, unless it is `always` wanted.
    """
    text = make_fake_text(random, theme="any", words=random.randint(20, 120))
    takes_text = "txt" in question.file_types
    is_pdf = random.random() < 0.5 if "pdf" in question.file_types else False
    if is_pdf or (always and not takes_text and "pdf" in question.file_types):
        return f"minutes-{random.randint(1, 12)}.pdf", "pdf", make_pdf(text)
    if takes_text:
        return f"notes-{random.randint(1, 99)}.txt", "txt", f"{text}\n".encode()
    return None


def make_pdf(text: str) -> bytes:
    """Return a page of A4 with the text in Helvetica (PDF 1.4; ISO 32000-1, 7.5 and 9.6.2)."""
    shown = "".join(
        f"({line}) Tj T*\n" for paragraph in text.split("\n") for line in _lines(paragraph)
    )
    stream = f"BT /F1 10 Tf 14 TL 56 780 Td\n{shown}ET".encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    content = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return content + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n"
    ) % (len(objects) + 1, table, len(objects) + 1, len(content))


def _lines(paragraph: str) -> list[str]:
    escaped = paragraph.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return [escaped[at : at + _LINE] for at in range(0, len(escaped), _LINE)] or [""]
