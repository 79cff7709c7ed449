"""What to do about a file that is not TOML, for authors who never heard of it."""

from codecs import BOM_UTF16_BE, BOM_UTF16_LE

# By the beginnings of what tomllib says.
_REMEDIES = {
    "Illegal character '\\n'": 'close the text with a " on its line, or write it between two """ '
    "if it has several lines",
    "Unterminated string": 'close the text with a ", or with """ if it has several lines',
    "Expected newline or end of document": "write one entry on a line, a time as "
    "2019-07-24T12:00:00, and a text that has \" inside between two '",
    "Invalid hex value": r"write \\ for each \ in a text",
    "Unescaped '\\' in a string": r"write \\ for each \ in a text",
    "Invalid initial character for a key part": "a name has letters, digits, _ and -; a table in "
    "{ } is on one line, without a comma at its end",
    "Invalid value": 'write texts between two straight ", and numbers, times, true and false '
    "without them",
    "Invalid date or datetime": "there is no such date or time",
    "Cannot declare": "this heading was there before: each one of several has two brackets, such "
    "as [[sections]]",
    "Cannot overwrite a value": "this name was there before in the same table: take one out, or "
    "give a heading its two brackets, such as [[roles]]",
    "Unclosed inline table": "write a comma between two entries, and } after the last one",
    "Unclosed array": "write a comma between two entries, and ] after the last one",
    "Expected '=' after a key": "write each line as: name = value",
}


def explain(error: ValueError) -> str:
    """Return what tomllib says, with the line, and in known cases what to do about it."""
    said = str(error).replace("\n", " ")
    for beginning, remedy in _REMEDIES.items():
        if said.startswith(beginning):
            return f"{said}: {remedy}"
    return said


def explain_encoding(error: UnicodeDecodeError) -> str:
    """Return where a file stops being UTF-8, and what to do about it."""
    remedy = "choose the encoding UTF-8 where your editor saves it"
    if error.object.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return f"is UTF-16: {remedy}"
    line = len(error.object[: error.start + 1].splitlines())  # with the byte, which may begin one
    return f"is not UTF-8 at line {line:,}: {remedy}"
