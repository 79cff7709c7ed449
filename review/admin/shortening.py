"""Words cut short for a list, and given back where they are not kept."""

LONGEST = 100  # characters


def shorten(words: str, longest: int = LONGEST) -> str:
    """Return the words in one line, with “…” for what is left out."""
    line = " ".join(words.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def you_wrote(words: str) -> str:
    """Return a sentence to copy from what was typed, which follows another; "" for nothing."""
    return f" You wrote: “{words.strip()}”" if words.strip() else ""
