"""The etags that a page of a section posts back: of what it showed, and of what its script sent."""

from contextlib import suppress
from itertools import islice

from django.forms import Widget
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from submissions.calls.models import Question
from submissions.respondent.forms.fields import Posted, every_value
from submissions.responses.answering import clean_answer
from submissions.responses.errors import AnswerRefused
from submissions.responses.etags import etag

# Question keys begin with a letter, so no name here can be a question's.
BASE_ETAGS = "_base_etags"
PENDING = "_pending_"
MOST_SHOWN = 5_000  # questions of a call; a body has room for a million keys


def posted_etags(data: Posted) -> dict[str, str]:
    """Return the etag of each answer that the page showed, by key; of MOST_SHOWN at most."""
    shown = (part for value in every_value(data, BASE_ETAGS) for part in str(value).split())
    parts = (part.partition(":") for part in islice(shown, MOST_SHOWN))
    return {key: etag for key, _, etag in parts}


def pending_etags(data: Posted, question: Question, widget: Widget) -> set[str]:
    """Return the etags of what the script sent of an answer without learning what became of it.

    Such a save may be stored by now. It is nobody else's edit.
    """
    etags = set()
    for text in every_value(data, f"{PENDING}{question.key}"):
        sent = widget.value_from_datadict(QueryDict(text), MultiValueDict(), question.key)
        with suppress(AnswerRefused):
            etags.add(etag(clean_answer(question, sent)))
    return etags
