"""Which codings count where somebody decided about passages that coders coded differently."""

from collections.abc import Iterable

from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least

from review.errors import CodingRefused
from review.models import Code, Coding, CodingDecision, DecidedCode
from submissions.calls.models import Call


def standing_codings(codings: QuerySet[Coding]) -> QuerySet[Coding]:
    """Leave out the codings against which somebody decided.

    A coding is out where its code does not stand at any of the sentences that it has words of. One
    that reaches into a sentence about which nobody decided counts.
    """
    against = _there(DecidedCode.objects.filter(stands=False))
    length = Least(F("decision__until"), OuterRef("end")) - Greatest(
        F("decision__start"), OuterRef("start")
    )
    covered = against.order_by().values("code").annotate(length=Sum(length)).values("length")
    # Most versions have no decision: PostgreSQL looks that up in memory, and adds up the others.
    is_undecided = ~Q(version__in=CodingDecision.objects.order_by().values("version"))
    return codings.alias(
        decided_against=Coalesce(Subquery(covered, output_field=IntegerField()), Value(0))
    ).filter(is_undecided | Q(decided_against__lt=F("end") - F("start")))


def decided_against(call: Call) -> list[int]:
    """Return the keys of the call's codings that do not stand.

    Only texts about which somebody decided are asked for: it is slow for all codings.
    """
    against = DecidedCode.objects.filter(stands=False, decision__replaced_by=None, code__call=call)
    if not against.exists():
        return []
    there = Coding.objects.filter(version__in=against.values("decision__version"))
    stand = standing_codings(there).values_list("pk", flat=True)
    return sorted({*there.values_list("pk", flat=True)} - {*stand})


def refuse_to_undo_decisions(codings: Iterable[int]) -> None:
    """Raise CodingRefused where a code that stands would have no coding at its passage any more.

    `codings` are the keys of those that would go.
    """
    going = list(codings)
    stand = _there(DecidedCode.objects.filter(stands=True))
    for coding in Coding.objects.filter(Exists(stand), pk__in=going).select_related("code"):
        others = Coding.objects.filter(code=coding.code_id).exclude(pk__in=going)
        decided = DecidedCode.objects.filter(_at_passage_of(coding), code=coding.code_id)
        for one in decided.filter(stands=True).select_related("decision__by"):
            place = one.decision
            if not others.filter(
                version=place.version_id,
                question=place.question_id,
                file_text=place.file_text_id,
                start__lt=place.end,
                end__gt=place.start,
            ).exists():
                raise CodingRefused(
                    f"{place.by.get_username()} decided that “{coding.code.name}” stands there: "
                    "first decide again on the page of the sample’s agreement"
                )


def refuse_decided_against(codings: Iterable[int]) -> None:
    """Raise CodingRefused where one of these codings, by key, does not stand.

    Under another code, about which nobody decided, it would count again.
    """
    chosen = Coding.objects.filter(pk__in=list(codings))
    standing = standing_codings(chosen).values("pk")
    against = chosen.exclude(pk__in=standing).select_related("code", "version__submission")
    found = list(against.order_by("version__submission", "start", "pk"))
    if not found:
        return
    places = ", ".join(dict.fromkeys(str(one.version.submission) for one in found))
    raise CodingRefused(
        f"Somebody decided that “{found[0].code.name}” does not stand at {len(found)} of these "
        f"passages ({places}), so they do not count: leave them here, or first decide again on the "
        "page of the sample’s agreement"
    )


def follow_merge(code: Code, *, into: Code) -> None:
    """Let the decisions about a code be about the one that it was merged into.

    The other stands if either did: by the decision, or as a coding about which nobody decided.
    Call it before the codings move.
    """
    _let_undecided_stand(DecidedCode.objects.filter(code=code), other=into)
    _let_undecided_stand(DecidedCode.objects.filter(code=into), other=code)
    of_code = DecidedCode.objects.filter(code=code)
    both = DecidedCode.objects.filter(code=into, decision__in=of_code.values("decision"))
    stood = of_code.filter(stands=True).values("decision")
    both.filter(decision__in=list(stood.values_list("decision", flat=True))).update(stands=True)
    of_code.filter(decision__in=list(both.values_list("decision", flat=True))).delete()
    of_code.update(code=into)


def _let_undecided_stand(decided: QuerySet[DecidedCode], *, other: Code) -> None:
    """Turn those against, where a coding with the other code counts as nobody decided about it."""
    about_other = DecidedCode.objects.filter(decision=OuterRef("decision"), code=other)
    codings = Coding.objects.alias(file=Coalesce("file_text", 0)).filter(
        code=other,
        version=OuterRef("decision__version"),
        question=OuterRef("decision__question"),
        file=Coalesce(OuterRef("decision__file_text"), 0),
        start__lt=OuterRef("decision__end"),
        end__gt=OuterRef("decision__start"),
    )
    against = decided.filter(stands=False, decision__replaced_by=None)
    turning = against.filter(~Exists(about_other), Exists(codings)).values_list("pk", flat=True)
    DecidedCode.objects.filter(pk__in=list(turning)).update(stands=True)


def _there(decided: QuerySet[DecidedCode]) -> QuerySet[DecidedCode]:
    """Return what was decided about the outer coding's code at a sentence that it has words of."""
    return decided.alias(file=Coalesce("decision__file_text", 0)).filter(
        file=Coalesce(OuterRef("file_text"), 0),
        code=OuterRef("code"),
        decision__replaced_by=None,
        decision__version=OuterRef("version"),
        decision__question=OuterRef("question"),
        decision__start__lt=OuterRef("end"),
        decision__until__gt=OuterRef("start"),
    )


def _at_passage_of(coding: Coding) -> Q:
    return Q(
        decision__replaced_by=None,
        decision__version=coding.version_id,
        decision__question=coding.question_id,
        decision__file_text=coding.file_text_id,
        decision__start__lt=coding.end,
        decision__end__gt=coding.start,
    )
