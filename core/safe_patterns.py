"""Regular expressions that match quickly, whatever the text.

Python's matcher backtracks: it tries one way to match after another. A pattern is quick on every
text if the number of ways is small and does not depend on the text. So `*`, `+`, `{2,}`,
look-arounds and back-references are refused, and the ways of all other patterns are counted.
"""

import re
import warnings

MOST_WAYS = 10_000
_REPEAT = re.compile(r"\{([0-9]{1,3})(?:(,)([0-9]{1,3}))?\}", re.ASCII)
_CLASS = re.compile(r"\[\^?(?:\\[\s\S]|[^\\])(?:\\[\s\S]|[^\]\\])*\]")
_ESCAPE = re.compile(r"\\[dDwWsS.()\[\]{}|?*+^$/\\-]", re.ASCII)


class UnsafePattern(ValueError):
    """The message completes a sentence that begins with the pattern: "… repeats without end"."""


def check_pattern(pattern: str) -> None:
    """Raise UnsafePattern unless `pattern` is a regular expression of at most MOST_WAYS ways."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise UnsafePattern(f"is not a regular expression: {error}") from None
    ways, end = _ways_of_alternatives(pattern, 0)
    if end != len(pattern):
        raise UnsafePattern(f"has a ) at character {end + 1} that closes nothing")
    if ways > MOST_WAYS:
        raise UnsafePattern("can match in too many ways: make its repetitions shorter")


def _ways_of_alternatives(pattern: str, at: int) -> tuple[int, int]:
    """Count the ways from `at` to a closing bracket or the end; return them and that place."""
    total, here = 0, 1
    while at < len(pattern) and pattern[at] != ")":
        if pattern[at] == "|":
            total, here, at = total + here, 1, at + 1
        else:
            ways, at = _ways_of_item(pattern, at)
            ways, at = _ways_of_repeats(pattern, at, ways)
            # Beyond the limit the exact number does not matter, and could grow huge.
            here = min(here * ways, MOST_WAYS + 1)
    return total + here, at


def _ways_of_item(pattern: str, at: int) -> tuple[int, int]:
    if pattern[at] == "(":
        if pattern.startswith("(?", at) and not pattern.startswith("(?:", at):
            raise UnsafePattern(f"has a group of a kind that is not allowed at character {at + 1}")
        start = at + 3 if pattern.startswith("(?:", at) else at + 1
        ways, end = _ways_of_alternatives(pattern, start)
        return ways, end + 1
    if pattern[at] == "[":
        match = _CLASS.match(pattern, at)
        if match is None:
            raise UnsafePattern(f"has a [ at character {at + 1} that nothing closes")
        return 1, match.end()
    if pattern[at] == "\\":
        match = _ESCAPE.match(pattern, at)
        if match is None:
            raise UnsafePattern(f"has an escape that is not allowed at character {at + 1}")
        return 1, match.end()
    return 1, at + 1


def _ways_of_repeats(pattern: str, at: int, ways: int) -> tuple[int, int]:
    rest = pattern[at : at + 1]
    if rest in {"*", "+"}:
        raise UnsafePattern(f"repeats without end: write how often, such as {{1,8}}, not {rest}")
    if rest == "?":
        least, most, end = 0, 1, at + 1
    elif rest == "{":
        match = _REPEAT.match(pattern, at)
        if match is None:
            raise UnsafePattern("has a { that is not a repetition such as {6} or {1,8}")
        least = int(match[1])
        most = int(match[3]) if match[2] else least
        end = match.end()
    else:
        return ways, at
    if pattern[end : end + 1] in {"*", "+", "?", "{"}:
        raise UnsafePattern("has a repetition of a repetition")
    total = sum(min(ways, MOST_WAYS + 1) ** min(times, 20) for times in range(least, most + 1))
    return min(total, MOST_WAYS + 1), end
