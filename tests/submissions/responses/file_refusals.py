"""Why a file is refused, for the tests of files."""

import io

from submissions.responses.errors import FileRefused
from submissions.responses.file_types.detecting import refuse_unless_what_it_says

TOO_BIG = (
    "what is packed inside it is too big to open. Make its pictures smaller or divide it into "
    "several files, then try again"
)


def damaged(kind):
    return f"the file is damaged, or its type is not really {kind}"


def another(kind, found):
    return f"its name says {kind}, but its type is {found}. Save it as {kind}, then try again"


def refusal_of(kind, content):
    """The words after the file's name; "taken" if it is."""
    try:
        refuse_unless_what_it_says("file", kind, io.BytesIO(content))
    except FileRefused as refusal:
        return refusal.message.removeprefix("“file” was not added: ")
    return "taken"
