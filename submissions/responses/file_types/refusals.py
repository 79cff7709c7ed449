"""Why a file is not taken, in sentences for respondents; each says what to do instead."""

from django.utils.translation import gettext_noop


class NotTaken(Exception):
    """A checker refuses the file; `sentence` is one of this file's, `found` what the file is."""

    def __init__(self, sentence: str, *, found: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.found = found


class NamedTwice(NotTaken):
    """Two entries of an archive are called `found`: programs would differ on which they show."""


PROTECTED = gettext_noop(
    "“%(name)s” was not added: it is protected. Save it without a password or restrictions, "
    "then try again"
)
DAMAGED = gettext_noop(
    "“%(name)s” was not added: the file is damaged, or its type is not really %(type)s"
)
ANOTHER_TYPE = gettext_noop(
    "“%(name)s” was not added: its name says %(type)s, but its type is %(found)s. "
    "Save it as %(type)s, then try again"
)
OLDER_WORD = gettext_noop(
    "“%(name)s” was not added: it is an older Word file (DOC). Save it as DOCX, then try again"
)
OLDER_EXCEL = gettext_noop(
    "“%(name)s” was not added: it is an older Excel file (XLS). Save it as XLSX, then try again"
)
TEMPLATE = gettext_noop(
    "“%(name)s” was not added: it is a template. Save it as a document of the type %(type)s, "
    "then try again"
)
MACROS = gettext_noop(
    "“%(name)s” was not added: it holds macros, which are small programs. Save it as a file "
    "without macros or as a PDF, then try again"
)
EMBEDDED = gettext_noop(
    "“%(name)s” was not added: another file or a program is embedded in it. Save it as a PDF, "
    "and add what is embedded as a file of its own"
)
REMOTE = gettext_noop(
    "“%(name)s” was not added: it loads a part of itself, such as its template or a picture, from "
    "another computer. Save it as a PDF, then try again"
)
PDF_PROGRAM = gettext_noop(
    "“%(name)s” was not added: it holds a program (JavaScript), starts one, or is a form that is "
    "made of one. Print it to a new PDF, then add that"
)
PDF_EMBEDDED = gettext_noop(
    "“%(name)s” was not added: other files are embedded in it. Print it to a new PDF, and add the "
    "other files each by itself"
)
PDF_REMOTE = gettext_noop(
    "“%(name)s” was not added: as soon as it is opened, it asks another computer. Print it to a "
    "new PDF, then add that"
)
CELL_PROGRAM = gettext_noop(
    "“%(name)s” was not added: one of its cells starts a program. Take that cell out, "
    "then try again"
)
UNPACKS_TOO_BIG = gettext_noop(
    "“%(name)s” was not added: what is packed inside it is too big to open. Make its pictures "
    "smaller or divide it into several files, then try again"
)
TOO_MANY_PIXELS = gettext_noop(
    "“%(name)s” was not added: the picture has too many pixels. Save it smaller, then try again"
)
NOT_TEXT = gettext_noop(
    "“%(name)s” was not added: it cannot be read as text. Save it as plain text in UTF-8, "
    "then try again"
)
MACRO_ENDING = gettext_noop(
    "“%(name)s” was not added: a file of this type can hold macros, which are small programs. "
    "Save it as %(type)s, then try again"
)
