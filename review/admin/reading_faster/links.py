"""The address of the page with passages like one."""

from django.urls import reverse

from review.admin.coding_source import FILE
from review.admin.listed import CameFrom
from review.coding.places_in_text import Passage
from review.models import FileText
from submissions.responses.models import Submission

PASSAGE, VERSION = "passage", "version"
NAME = "submissions_submission_similar"


def similar_address(
    response: Submission,
    key: str,
    *,
    version: int,
    file_text: FileText | None,
    came_from: CameFrom | None = None,
) -> str:
    """Return where somebody chooses a sentence of a text, in the version of that number."""
    asked = {VERSION: str(version)}
    if file_text is not None:
        asked[FILE] = str(file_text.attachment.public_id)
    where = reverse(f"admin:{NAME}", args=[response.pk, key])
    return f"{where}{(came_from or CameFrom()).query_with(**asked)}"


def of_passage(address: str, passage: Passage) -> str:
    """Return where somebody sees what is like this passage of the text."""
    return f"{address}&{PASSAGE}={passage.start}-{passage.end}"
