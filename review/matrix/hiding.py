"""Small counts in the matrix, where the call hides them.

The project team may read every response, and opens any cell. But its tables are copied into
papers and slides. So a table, on the page or in a file, is safe by itself: no count of one to
four responses stands in it, and none can be worked out from the others in its line and their sum.

- The columns of a line are such a table, with the sum at its end; so are the bases.
- Where the sum itself is small, nothing of the line is shown.
- A number of passages and a share are hidden with the number of responses.
- What a count leaves of its base is not hidden: that no passage of a response stands under a code
  tells nothing that its author answered.
- Two tables side by side may tell more: by another question, or with campaigns counted otherwise.
"""

from collections.abc import Sequence

from core.disclosure_control import (
    Shown,
    TooFew,
    as_they_are,
    each_hidden,
    hidden_among,
    is_few,
    without_few_that_are_told,
)


def hidden_line(
    counts: Sequence[int], *, total: int, overlap: bool, hides: bool
) -> tuple[Shown, list[Shown]]:
    """Return the sum and the counts of a line as they may be shown.

    `overlap`: a response may count in several columns. `hides`: the call hides small counts.
    """
    if not hides:
        return Shown(total), as_they_are(counts)
    if is_few(total):
        return Shown(None, is_few=True), [Shown(None) for _ in counts]
    if overlap:
        shown = each_hidden(counts, total=total)
        return Shown(total), without_few_that_are_told(counts, shown, total=total)
    try:
        return Shown(total), hidden_among(counts)
    except TooFew:
        return Shown(total), [Shown(None) for _ in counts]
