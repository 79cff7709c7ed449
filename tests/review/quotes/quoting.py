"""What the tests of quotes start from."""

from accounts.states import Role
from review.models import Quote
from review.quotes.marking import mark_quote
from review.quotes.quote_words import with_responses
from tests.makers import make_submitted, make_user, while_open

STORY = "Pay is late. They do."
LEAVE = {"publication": "anonymous", "quote_ok": "yes"}


def make_quotable(call, story=STORY, **answers):
    """A response that may be quoted."""
    return make_submitted(call, **{"story": story, **LEAVE, **answers})


def make_quote(response, words="Pay is late.", *, by=None, key="story", version=None):
    version = version or response.current_version
    start = version.texts[key].index(words)
    made = mark_quote(
        version=version,
        question=response.call.questions.get(key=key),
        start=start,
        end=start + len(words),
        by=by or make_user(Role.CODER),
        at=while_open(response.call),
    )
    return fresh(made)


def fresh(quote):
    """The quote as pages fetch it."""
    return with_responses(Quote.objects.filter(pk=quote.pk)).get()
