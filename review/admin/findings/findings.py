"""The findings of a call: their list, and the page of each."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls, OwnCallsFilter, WithOwnPage
from accounts.current_user import current_user
from accounts.record import record
from accounts.rights import may
from accounts.states import Action, AuditAction
from core import clock
from core.admin.declared_filters import DeclaredFiltersOnly
from core.admin.lists import CallWhereSeveral, ListedWhole
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from core.percentages import say_share
from review.admin.coding_source import address_of_passage
from review.admin.findings import claim_pages, deciding, outline, passages, scale
from review.admin.findings.pages import call_page, calls_with_pages, finding_page, show
from review.admin.history_unless_blind import HistoryUnlessBlind
from review.coding.samples import to_code_blind
from review.consent import Consent, consent_of
from review.findings.agreeing import voices_of, waiting_for
from review.findings.claims import etag_of
from review.findings.finding_counts import stands_of, why_nothing_counts
from review.findings.passage_words import with_hidden_words, words_for
from review.findings.printing import why_not_printed, with_quotes
from review.findings.reports import base_in_words
from review.findings.scale import scale_of, why_not_fitting
from review.findings.visible_passages import seen_by, shown_with
from review.models import Code, Finding, FindingPassage
from review.quotes.balance import balance_of
from review.states import FindingStatus, Stance
from submissions.calls.models import Call
from submissions.responses.models import Submission

CHANGES = (
    AuditAction.FINDING_WRITTEN,
    AuditAction.FINDING_CHANGED,
    AuditAction.FINDING_STATUS_CHANGED,
    AuditAction.FINDING_AGREED,
    AuditAction.FINDING_PASSAGE_CHANGED,
)


@dataclass(frozen=True)
class ShownPassage:
    """`words` are None where the reader may not open the file that they are in.

    `has_hidden`: readers outside the team do not see all of them.
    """

    passage: FindingPassage
    response: Submission
    address: str
    words: str | None
    consent: Consent
    why_not: str
    is_earlier: bool
    has_hidden: bool


@dataclass(frozen=True)
class ShownStance:
    title: str
    passages: list[ShownPassage]


class AgreementFilter(admin.SimpleListFilter):
    """What waits for the reader's agreement."""

    title = "agreement"
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.reader = current_user(request)
        return [("me", "For you to agree with")]

    def queryset(self, request: HttpRequest, rows: QuerySet[Finding]) -> QuerySet[Finding]:
        if self.value() is None:
            return rows
        return rows.filter(pk__in=waiting_for(self.reader) if self.value() == "me" else ())


@admin.register(Finding)
class FindingAdmin(
    HistoryUnlessBlind, WithOwnPage, CallWhereSeveral, DeclaredFiltersOnly, ListedWhole
):
    sees = Action.READ_RESPONSES
    nothing_yet = (
        "No finding was written yet. A finding is a claim, with the passages that support it and "
        "those that speak against it."
    )
    list_display = ("title", "call", "status", "strength", "changed")
    list_filter = (("call", OwnCallsFilter), "status", AgreementFilter)
    change_list_template = "admin/review/finding/change_list.html"
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Finding]:
        rows = super().get_queryset(request)
        return rows.select_related("call", "strength", "changed_by", "written_by")

    @admin.display(description="changed (UK time)", ordering="changed_at")
    def changed(self, finding: Finding) -> str:
        return f"{in_uk_time(finding.changed_at)} by {finding.changed_by}"

    def on_record(self, row: Finding) -> Q:
        return Q(call=row.call_id, action__in=CHANGES, detail__finding=row.pk)

    def get_urls(self) -> list[URLPattern]:
        of_call = {"write": claim_pages.write, "outline": outline.outline, "scale": scale.scale}
        of_finding = {
            "claim": (Action.WRITE_FINDINGS, claim_pages.revise),
            "status": (Action.WRITE_FINDINGS, deciding.status),
            "agree": (Action.AGREE_FINDINGS, deciding.agree),
            "passages": (Action.WRITE_FINDINGS, passages.choose),
            "take-off": (Action.WRITE_FINDINGS, passages.take_off),
        }
        return [
            *(
                path(
                    f"of/<int:pk>/{name}/",
                    call_page(self, Action.WRITE_FINDINGS, view),
                    name=f"review_finding_{name}",
                )
                for name, view in of_call.items()
            ),
            *(
                path(
                    f"<int:pk>/{name}/",
                    finding_page(self, action, view),
                    name=f"review_finding_{name.replace('-', '_')}",
                )
                for name, (action, view) in of_finding.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_with_pages(request, Action.WRITE_FINDINGS))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def show_row(self, request: HttpRequest, finding: Finding, /) -> HttpResponse:
        """Show a finding with the count that it stands on, and put on record what it quotes."""
        return page_of(request, self, finding)


def page_of(request: HttpRequest, finding_admin: OfOwnCalls, finding: Finding) -> HttpResponse:
    reader, call = current_user(request), finding.call
    # Before the passages are read: one that comes in between is not agreed with unseen.
    etag = etag_of(finding, reader)
    stands = stands_of(call, [finding], reader=reader)[finding.pk]
    scale_now = scale_of(call)
    stances, hidden = _passages(request, finding)
    supporting = [one.passage for one in stances[0].passages if not one.why_not]
    voices = voices_of(finding, reader)
    mine = next((one for one in voices if one.name == reader.get_username()), None)
    is_open = finding.status in {FindingStatus.FOR_AGREEMENT, FindingStatus.AGREED}
    return show(
        request,
        finding_admin,
        "finding/page",
        f"Finding: {isolated(finding.title)}",
        call,
        finding=finding,
        stands=stands,
        share=say_share(stands.number, stands.of) if stands.of else "",
        base=base_in_words(finding, call, of=stands.of, once=True),
        warning=why_nothing_counts(finding, call)
        or why_not_fitting(scale_now, finding.strength, number=stands.number, of=stands.of),
        codes=Code.objects.filter(pk__in=stands.codes),
        is_blind=to_code_blind(reader).filter(sample__call=call).exists(),
        stances=stances,
        hidden=hidden,
        balance=balance_of(supporting, call).warnings,
        voices=[(one, in_uk_time(one.at)) for one in voices],
        etag=etag,
        changed=in_uk_time(finding.changed_at),
        may_agree=is_open and may(reader, Action.AGREE_FINDINGS, call),
        agrees=mine is not None and mine.is_current,
        statuses=_next_statuses(finding),
        reads_record=may(reader, Action.READ_RECORD, call),
    )


def _next_statuses(finding: Finding) -> list[FindingStatus]:
    """Return those that it may get: only what is put for agreement can be agreed."""
    not_yet = set() if finding.status == FindingStatus.FOR_AGREEMENT else {FindingStatus.AGREED}
    return [one for one in FindingStatus if one not in {finding.status, *not_yet}]


def _passages(request: HttpRequest, finding: Finding) -> tuple[list[ShownStance], int]:
    """Return the passages for the reader, and how many responses that do not count hide."""
    reader = current_user(request)
    counting = list(with_quotes(shown_with(finding, reader)).select_related("by"))
    why_not = why_not_printed(counting, finding.call)
    words = words_for(reader, counting, finding.call)
    partly = with_hidden_words(reader, counting, finding.call)
    shown = [
        _shown(row, finding.call, words[row.pk], why_not[row.pk], has_hidden=row.pk in partly)
        for row in counting
    ]
    if shown:
        record(
            by=reader,
            at=clock.portal_now(),
            action=AuditAction.PASSAGES_READ,
            call=finding.call,
            finding=finding.pk,
            shown=list(dict.fromkeys(str(one.response) for one in shown)),
        )
    stances = [
        ShownStance(title, [one for one in shown if one.passage.stance == stance])
        for stance, title in (
            (Stance.SUPPORTS, "Passages that support it"),
            (Stance.CONTRARY, "Passages that speak against it"),
        )
    ]
    return stances, seen_by(finding.passages.all(), reader).count() - len(shown)


def _shown(
    row: FindingPassage, call: Call, words: str | None, why_not: str, *, has_hidden: bool
) -> ShownPassage:
    response = row.version.submission
    return ShownPassage(
        passage=row,
        response=response,
        address=address_of_passage(row),
        words=words,
        consent=consent_of(response, call),
        why_not=why_not,
        is_earlier=row.version_id != response.current_version_id,
        has_hidden=has_hidden and words is not None,
    )
