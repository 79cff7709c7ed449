"""Taking back the choice of a radio, which a browser alone cannot do."""

from django.http import QueryDict

# Posted by the button; its value is the name of the radios. No question's key begins like it.
CLEARS = "_clear"


def without_cleared(data: QueryDict) -> QueryDict:
    """Return what was posted with none chosen of the radios that are to be cleared."""
    if CLEARS not in data:
        return data
    left = data.copy()
    left.pop(str(data[CLEARS]), None)
    return left
