"""Finds everything that is there about a person: by address, by name, or by a reference."""

from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import Func, Q, QuerySet, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IContains

from core.canonical import canonical_text
from core.references import read_reference
from review.models import (
    Code,
    CodingDecision,
    Finding,
    MatrixSummary,
    Memo,
    MemoText,
    Note,
    Redaction,
    ReportHeading,
)
from submissions.calls.models import Call, Question
from submissions.calls.states import TEXT_KINDS
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import AddressSource
from submissions.responses.models import (
    Attachment,
    Colleague,
    Entry,
    FollowUp,
    IdentityAnswer,
    LatePass,
    Reply,
    ReturnAddress,
    Submission,
    Version,
    VersionIdentity,
)
from submissions.responses.searching import in_answers

MOST_SHOWN = 100
# What the team wrote about no response alone.
WRITTEN = (
    (Finding, ("title", "text", "reason")),
    (ReportHeading, ("title",)),
    (Code, ("name", "description", "use_when", "do_not_use_when", "example")),
    (MatrixSummary, ("text",)),
)
# A cast would leave the quotation marks and backslashes of JSON in what was typed.
AS_TEXT = Func("value", template="(%(expressions)s #>> '{}')", output_field=TextField())


@dataclass
class Found:
    """The responses that are somebody's, with where it was found; and others that may say more.

    Of drafts there are no answers here: their author alone reads them. `mentions` are responses
    whose answers have the words, or what staff wrote about them and their authors replied;
    `passes` are late passes that nobody has used; `invited` are other people's responses that
    somebody of that address or name works on; `memos` are those on no response, and `written` what
    the team wrote in findings, codes and the matrix.
    `has_more`: there are more than MOST_SHOWN of a kind.
    """

    responses: dict[Submission, list[str]] = field(default_factory=dict)
    mentions: list[Submission] = field(default_factory=list)
    passes: int = 0
    invited: int = 0
    memos: int = 0
    written: int = 0
    has_more: bool = False

    @property
    def shown(self) -> list[str]:
        """What the record says was shown: a reference each, or the name of a draft."""
        return [str(response) for response in (*self.responses, *self.mentions)]


def find_person(words: str, *, call: Call) -> Found:
    """Find what a call has about a person, in every version and state, and in mail."""
    found = Found()
    words = canonical_text(words)  # as what was typed is stored
    reference = read_reference(words)
    if reference is not None:
        _add(found, call, "the reference", Q(reference=reference))
        return found
    for where, responses in _places(call, words).items():
        _add(found, call, where, Q(pk__in=responses))
    phrase = '"{}"'.format(words.replace('"', " "))
    mentioned = Version.objects.filter(pk__in=in_answers(phrase), submission__call=call)
    others = Q(pk__in=mentioned.values("submission"))
    for written in _beside(call, words):
        others |= Q(pk__in=written)
    known = [response.pk for response in found.responses]
    responses = Submission.objects.filter(others, call=call).exclude(pk__in=known)
    found.mentions = _first(responses, found)
    unused = LatePass.objects.filter(call=call, submission=None, address__icontains=words)
    found.passes = unused.count()
    as_colleague = Q(address__icontains=words) | Q(name__icontains=words)
    found.invited = Colleague.objects.filter(as_colleague, submission__call=call).count()
    found.memos = _memos(words).filter(call=call, submission=None).count()
    found.written = sum(
        model._default_manager.filter(_has(words, *names), call=call).count()
        for model, names in WRITTEN
    )
    return found


def _add(found: Found, call: Call, where: str, which: Q) -> None:
    for response in _first(Submission.objects.filter(which, call=call), found):
        found.responses.setdefault(response, []).append(where)


def _first(responses: QuerySet[Submission], found: Found) -> list[Submission]:
    those = list(responses.order_by("pk")[: MOST_SHOWN + 1])
    found.has_more |= len(those) > MOST_SHOWN
    return those[:MOST_SHOWN]


def _places(call: Call, words: str) -> dict[str, QuerySet]:
    """Return, by the words for where it is, queries of the keys of responses."""
    typed = Question.objects.filter(call=call, identity=True, kind__in=TEXT_KINDS)
    keys = list(typed.values_list("key", flat=True))
    said = [Q(IContains(KeyTextTransform(key, "answers"), words)) for key in keys]
    submitted = VersionIdentity.objects.filter(reduce(or_, said, Q(pk__in=[])))
    unsubmitted = IdentityAnswer.objects.filter(Q(IContains(AS_TEXT, words)), question__in=typed)
    in_call = {"submission__call": call}
    return {
        "who answered": submitted.filter(version__submission__call=call).values(
            "version__submission"
        ),
        "the working copy": unsubmitted.filter(**in_call).values("submission"),
        "the address for links": ReturnAddress.objects.filter(
            **in_call, address__icontains=words
        ).values("submission"),
        "an address that mail went to": OutboxEmail.objects.filter(
            call=call, submission__isnull=False, to_address__icontains=words
        )
        .exclude(address_given_by=AddressSource.COLLEAGUE)
        .values("submission"),
        "a late pass": LatePass.objects.filter(
            call=call, submission__isnull=False, address__icontains=words
        ).values("submission"),
        "the number that it came with": Entry.objects.filter(
            **in_call, their_reference__icontains=words
        ).values("submission"),
        "the name of a file": Attachment.objects.filter(**in_call, name__icontains=words).values(
            "submission"
        ),
    }


def _beside(call: Call, words: str) -> list[QuerySet]:
    """Return queries of the keys of responses beside which something has the words."""
    of_call, has = {"submission__call": call}, {"text__icontains": words}
    of_version = {"version__submission__call": call}
    return [
        Note.objects.filter(**of_call, **has).values("submission"),
        _memos(words).filter(**of_call).values("submission"),
        FollowUp.objects.filter(**of_call, **has).values("submission"),
        Reply.objects.filter(follow_up__submission__call=call, **has).values(
            "follow_up__submission"
        ),
        CodingDecision.objects.filter(_has(words, "reason"), **of_version).values(
            "version__submission"
        ),
        Redaction.objects.filter(
            _has(words, "words", "refusal", "back_words"), **of_version
        ).values("version__submission"),
    ]


def _memos(words: str) -> QuerySet[Memo]:
    has = _has(words, "title", "text")
    return Memo.objects.filter(has | Q(pk__in=MemoText.objects.filter(has).values("memo")))


def _has(words: str, *names: str) -> Q:
    """Return the condition that a row has the words in one of these columns."""
    return reduce(or_, (Q(**{f"{name}__icontains": words}) for name in names))
