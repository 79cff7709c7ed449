"""Words cut short for a list."""

LONGEST = 100  # characters


def shorten(words: str, longest: int = LONGEST) -> str:
    """Return the words in one line, with “…” for what is left out."""
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
