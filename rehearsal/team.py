"""A made-up team that codes a sample of fake responses, to try the review pages with.

It does what people do, by the same functions: a codebook, a sample that two coders code by
themselves and not quite alike, decisions about some of the differences, notes; then memos, quotes
and findings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from django.db import transaction

from accounts import memberships
from accounts.models import Membership, User
from accounts.states import REHEARSAL_EMAIL_DOMAIN, Role
from rehearsal.seeding import SeedingRefused
from rehearsal.team_findings import write_up
from review.agreement.coding_differences import differences
from review.agreement.comparing import compare
from review.agreement.deciding import Decision, decide
from review.coding.codebook import add_code
from review.coding.codings import can_be_coded, code_passage
from review.coding.places_in_text import Passage, sentences
from review.coding.samples import close_sample, draw_sample, say_done
from review.errors import CodingRefused, FindingRefused, QuoteRefused
from review.models import Code, CodingSample
from review.noting import add_note
from submissions.calls.models import Call, Question
from submissions.responses.models import Version

LEAD, COLLEAGUE, CODERS = "fake-lead", "fake-colleague", ("fake-coder-1", "fake-coder-2")
SIZE, FEWEST = 12, 2  # responses of the sample
MOST_A_RESPONSE = 8  # sentences that a coder codes
SLIPS = 0.25  # the share of sentences that the second coder codes otherwise

# Below which code it stands, its name, what it means, and words by which coders find it.
CODEBOOK = (
    ("", "Money", "What is paid, when, and who carries the risk", ()),
    ("Money", "Price", "What bids and services cost", ("price", "cost", "bid", "£")),
    ("Money", "Payment", "When and how partners are paid", ("paid", "payment", "money", "fee")),
    ("", "Working together", "How partners get on", ()),
    ("Working together", "Trust", "Trust, honesty, and the lack of it", ("trust", "honest")),
    ("Working together", "Promises", "What was agreed and what came of it", ("promise", "agree")),
    ("", "People", "What it means for those whom services are for", ("people", "families")),
)


@dataclass(frozen=True)
class Team:
    """What the team did, in numbers."""

    responses: int
    codings: int
    differing: int
    decided: int
    findings: int
    quotes: int


def seed_team(*, call: Call, seed: int, at: datetime) -> Team:
    """Have the team code a sample of the call's responses; the same seed codes alike.

    Raises SeedingRefused where the call has fewer than two responses.
    """
    there = call.submissions.submitted().count()
    if there < FEWEST:
        raise SeedingRefused(f"a team needs {FEWEST} responses to code, and there are {there}")
    try:
        with transaction.atomic():
            return _work(call, min(SIZE, there), seed, at)
    except (CodingRefused, FindingRefused, QuoteRefused) as refused:
        raise SeedingRefused(f"the team was refused: {refused.message}") from None


def _work(call: Call, size: int, seed: int, at: datetime) -> Team:
    lead = _person(LEAD, Role.REVIEWER, call, at)
    coders = [_person(name, Role.CODER, call, at) for name in CODERS]
    codes = _codebook(call, lead, at)
    sample = draw_sample(
        call=call,
        size=size,
        coders=coders,
        facet="",
        is_blind=True,
        by=lead,
        at=at,
        seed=seed,
    )
    random = Random(f"{seed}/{call.slug}/team")  # noqa: S311 - no secret
    codings = sum(
        _code(sample, coder, codes, random, at, slips=SLIPS * place)
        for place, coder in enumerate(coders)
    )
    close_sample(sample, by=lead, at=at)
    sample.refresh_from_db()
    differing, decided = _decide(sample, lead, at)
    colleague = _person(COLLEAGUE, Role.REVIEWER, call, at)
    findings, quotes = write_up(call, lead=lead, colleague=colleague, at=at)
    return Team(sample.responses.count(), codings, differing, decided, findings, quotes)


def _person(name: str, role: Role, call: Call, at: datetime) -> User:
    """Return the person, who cannot sign in, as a member of the call."""
    email = f"{name}@{REHEARSAL_EMAIL_DOMAIN}"
    person, is_new = User.objects.get_or_create(username=name, defaults={"email": email})
    if person.email != email:
        raise SeedingRefused(f"somebody of the name {name} is there already")
    if is_new:
        person.set_unusable_password()
        person.save(update_fields=["password"])
    if not Membership.objects.filter(person=person, call=call).exists():
        memberships.give(person=person, call=call, role=role, by=None, at=at)
    return User.objects.get(pk=person.pk)


def _codebook(call: Call, by: User, at: datetime) -> dict[str, Code]:
    codes = {code.name: code for code in call.codes.filter(is_retired=False)}
    for parent, name, meaning, _ in CODEBOOK:
        if name not in codes:
            codes[name] = add_code(
                call=call, name=name, parent=codes.get(parent), description=meaning, by=by, at=at
            )
    return codes


def _code(
    sample: CodingSample,
    coder: User,
    codes: dict[str, Code],
    random: Random,
    at: datetime,
    *,
    slips: float,
) -> int:
    """Have the coder code the sample and be done with it; return how many passages."""
    number = 0
    rows = sample.responses.select_related("sample__call", "submission__current_version")
    for sampled in rows.order_by("submission__reference"):
        version = sampled.submission.submitted_version
        version.submission = sampled.submission
        for question, passage, found in _worth_coding(sample.call, version):
            name = found
            if random.random() < slips:
                name = random.choice(["", *sorted(code for _, code, _, words in CODEBOOK if words)])
            if name:
                code_passage(
                    code=codes[name],
                    version=version,
                    question=question,
                    start=passage.start,
                    end=passage.end,
                    by=coder,
                    at=at,
                )
                number += 1
        say_done(sampled, version=version.number, by=coder, at=at)
    first = rows.order_by("submission__reference")[0].submission
    add_note(first, text="A good one to read first.", by=coder, at=at)
    return number


def _worth_coding(call: Call, version: Version) -> Sequence[tuple[Question, Passage, str]]:
    """Return the first sentences of the version in which words of a code stand, with its name."""
    found = []
    for question in call.questions_in_order:
        if can_be_coded(question, version):
            text = version.texts[question.key]
            for passage in sentences(text):
                name = _code_for(passage.quote(text).casefold())
                if name:
                    found.append((question, passage, name))
    return found[:MOST_A_RESPONSE]


def _code_for(words: str) -> str:
    return next(
        (name for _, name, _, stems in CODEBOOK if any(stem in words for stem in stems)), ""
    )


def _decide(sample: CodingSample, by: User, at: datetime) -> tuple[int, int]:
    """Decide about every other sentence that differs; return how many differ, and are decided."""
    there = differences(compare(sample))
    for number, one in enumerate(there[::2]):
        wanted = Decision(
            # Each other time they decide that no code stands.
            codes=frozenset(sorted(one.codes)[: 1 - number % 2]),
            reason="The definition of the code says so.",
            base=one.decision.pk if one.decision else None,
        )
        decide(sample, one, wanted=wanted, by=by, at=at)
    return len(there), len(there[::2])
