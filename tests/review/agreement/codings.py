"""What the tests of agreement have in common: a sample, its coders, and what they coded."""

from review.coding.codings import code_passage
from review.coding.samples import draw_sample, say_done
from review.models import Code
from tests.makers import make_code, while_open

STORY = "Fair pay for all. Rivals share the money. They do so often."
PAY, SHARE, OFTEN = "Fair pay for all.", "Rivals share the money.", "They do so often."


def draw(call, coders, boss, *, size=1, is_blind=True):
    return draw_sample(
        call=call,
        size=size,
        coders=coders,
        facet="",
        is_blind=is_blind,
        by=boss,
        at=while_open(call),
    )


def code(response, by, words, name="Pay", *, at=None, text=STORY, key="story"):
    """Code these words of the answer with the code of that name."""
    call = response.call
    there = Code.objects.filter(call=call, name=name).first() or make_code(call=call, name=name)
    start = text.index(words)
    return code_passage(
        code=there,
        version=response.current_version,
        question=call.questions.get(key=key),
        start=start,
        end=start + len(words),
        by=by,
        at=at or while_open(call),
    )


def be_done(sample, *coders, at=None):
    """Each of them is done with all of the sample."""
    for sampled in sample.responses.select_related("sample", "submission"):
        for coder in coders:
            latest = sampled.submission.submitted_version.number
            say_done(sampled, version=latest, by=coder, at=at or while_open(sample.call))
