"""Samples to code: drawing one, how far its coders are, and closing it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.call_admin import OwnCallsFilter, WithOwnPage, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.models import Membership, User
from accounts.rights import allowing, calls_of, may
from accounts.states import Action
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from core.posted_from import led_to_its_page
from core.row_keys import row_key
from review.admin.agreement import deciding_page, differences_page, figures_page
from review.admin.facet_columns import say_options
from review.admin.listed import CameFrom
from review.coding.samples import close_sample, draw_sample, say_done
from review.errors import CodingRefused
from review.models import CodingDone, CodingSample, SampledResponse
from submissions.calls.models import Call
from submissions.responses.states import SubmissionState

MOST = 10_000
REFUSED = 422


@dataclass(frozen=True)
class ShownSampled:
    """A response of the sample; `done` are the names of the coders who are done with it.

    `gone` says that it is withdrawn or erased: nobody codes it any more. It is "" otherwise.
    What is set aside may come back.
    """

    response: str
    address: str
    stratum: str
    done: list[str]
    gone: str
    is_set_aside: bool


class SampleForm(forms.Form):
    size = forms.IntegerField(
        label="How many responses",
        min_value=1,
        max_value=MOST,
        error_messages={"required": "Enter how many responses."},
    )
    coders = forms.ModelMultipleChoiceField(
        label="Coders",
        queryset=User.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose two coders or more."},
        help_text="Choose two or more: each of them codes every response of the sample. "
        "A manager adds coders under Memberships.",
    )
    facet = forms.ChoiceField(
        label="In proportion to",
        required=False,
        help_text="Each answer has the same share in the sample as in all responses.",
    )
    is_blind = forms.BooleanField(
        label="Blind: others’ codings of a response are hidden until one is done with it",
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, call: Call, **options: Any) -> None:
        super().__init__(*args, **options)
        coders, facet = self.fields["coders"], self.fields["facet"]
        if isinstance(coders, forms.ModelMultipleChoiceField):
            coders.queryset = coders_of(call)
        if isinstance(facet, forms.ChoiceField):
            labels = [(question.key, one["label"]) for one, question in call.facet_questions]
            facet.choices = [("", "Nothing: all responses alike"), *labels]


def coders_of(call: Call) -> QuerySet[User]:
    """Return who may code in the call by a membership."""
    may_code = allowing(Action.CODE) | Q(person__is_superuser=True)
    members = Membership.objects.filter(may_code, call=call, person__is_active=True)
    return User.objects.filter(pk__in=members.values("person")).order_by("username")


@admin.register(CodingSample)
class CodingSampleAdmin(WithOwnPage, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    nothing_yet = (
        "No sample was drawn yet. Several people code the responses of a sample, and the "
        "portal shows where they differ."
    )
    list_display = ("said_name", "call", "drawn", "number", "coded_by", "blind", "state")
    list_filter = (("call", OwnCallsFilter),)
    change_list_template = "admin/review/codingsample/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodingSample]:
        rows = super().get_queryset(request).select_related("call", "drawn_by", "closed_by")
        return rows.prefetch_related("coders").annotate(size=Count("responses"))

    @admin.display(description="sample")
    def said_name(self, sample: CodingSample) -> str:
        return str(sample).capitalize()

    @admin.display(description="drawn (UK time)", ordering="drawn_at")
    def drawn(self, sample: CodingSample) -> str:
        return f"{in_uk_time(sample.drawn_at)} by {sample.drawn_by}"

    @admin.display(description="responses", ordering="size")
    def number(self, sample: Any) -> int:
        return sample.size

    @admin.display(description="coders")
    def coded_by(self, sample: CodingSample) -> str:
        return ", ".join(sorted(coder.get_username() for coder in sample.coders.all()))

    @admin.display(description="blind", boolean=True, ordering="is_blind")
    def blind(self, sample: CodingSample) -> bool:
        return sample.is_blind

    @admin.display(description="state", ordering="closed_at")
    def state(self, sample: CodingSample) -> str:
        return f"closed {in_uk_time(sample.closed_at)}" if sample.closed_at else "open"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("draw/<int:pk>/", wrap(self.draw), name="review_codingsample_draw"),
            path("<int:pk>/close/", wrap(self.close), name="review_codingsample_close"),
            path("<int:pk>/done/", wrap(self.done), name="review_codingsample_done"),
            *figures_page.urls(self),
            *differences_page.urls(self),
            *deciding_page.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        calls = self.calls_of_list(request, calls_of(request.user, Action.DRAW_SAMPLES))
        return super().changelist_view(request, {**(extra_context or {}), "calls": calls})

    def draw(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Draw a sample of the call's responses."""
        refuse_unless_somewhere(request, Action.DRAW_SAMPLES)
        call = get_object_or_404(calls_of(request.user, Action.DRAW_SAMPLES), pk=pk)
        form = SampleForm(request.POST or None, call=call)
        if request.method == "POST" and form.is_valid():
            try:
                sample = draw_sample(
                    call=call,
                    size=form.cleaned_data["size"],
                    coders=list(form.cleaned_data["coders"]),
                    facet=form.cleaned_data["facet"],
                    is_blind=form.cleaned_data["is_blind"],
                    by=current_user(request),
                    at=clock.portal_now(),
                )
            except CodingRefused as refused:
                form.add_error(None, f"{refused.message}.")
            else:
                messages.success(request, "The sample is drawn. Its coders find it in their list.")
                return redirect("admin:review_codingsample_change", sample.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Draw a sample to code",
            "opts": self.opts,
            "call": call,
            "form": form,
        }
        status = REFUSED if form.is_bound else 200
        page = "admin/review/codingsample/draw.html"
        return TemplateResponse(request, page, context, status=status)

    def show_row(self, request: HttpRequest, sample: CodingSample, /) -> HttpResponse:
        """Show the responses of the sample, and who is done with which."""
        questions = sample.call.questions_by_key
        context = {
            **self.admin_site.each_context(request),
            "title": str(sample).capitalize(),
            "opts": self.opts,
            "sample": sample,
            "drawn": in_uk_time(sample.drawn_at),
            "closed": in_uk_time(sample.closed_at) if sample.closed_at else "",
            "facet": questions[sample.facet].label if sample.facet in questions else "",
            "coders": sorted(coder.get_username() for coder in sample.coders.all()),
            "responses": _shown(sample),
            "may_close": sample.closed_at is None
            and may(request.user, Action.DRAW_SAMPLES, sample.call_id),
        }
        return TemplateResponse(request, "admin/review/codingsample/page.html", context)

    def close(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST":
            return led_to_its_page(request)
        rows = CodingSample.objects.select_related("call")
        sample = self.own_row(request, Action.DRAW_SAMPLES, rows, pk=pk)
        try:
            close_sample(sample, by=current_user(request), at=clock.portal_now())
        except CodingRefused as refused:
            messages.error(request, f"{refused.message}.")
        else:
            messages.success(request, "The sample is closed: everybody sees all codings of it.")
        return redirect("admin:review_codingsample_change", pk)

    def done(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note that the reader is done with the response that the form names."""
        if request.method != "POST":
            return led_to_its_page(request)
        sample = self.own_row(request, Action.CODE, CodingSample.objects.all(), pk=pk)
        rows = SampledResponse.objects.select_related("sample__call", "submission")
        sampled = get_object_or_404(
            rows,
            sample=sample,
            submission__reference=request.POST.get("response", "").replace("\0", ""),
        )
        try:
            say_done(
                sampled,
                version=row_key(request.POST.get("version", "")),
                by=current_user(request),
                at=clock.portal_now(),
            )
        except CodingRefused as refused:
            messages.error(request, f"{refused.message}.")
        else:
            messages.success(request, "You are done with this response. Your codings stand.")
        return redirect(CameFrom.of(request).page_of(sampled.submission_id))


def _shown(sample: CodingSample) -> list[ShownSampled]:
    names: dict[int, list[str]] = {}
    done = CodingDone.objects.filter(sampled__sample=sample).select_related("coder")
    for one in done.order_by("coder__username"):
        names.setdefault(one.sampled_id, []).append(one.coder.get_username())
    rows = sample.responses.select_related("submission").order_by("stratum", "pk")
    facets = {question.key: (facet, question) for facet, question in sample.call.facet_questions}
    declared = facets.get(sample.facet)  # a new definition may have dropped it
    return [
        ShownSampled(
            response=str(row.submission),
            address=reverse("admin:submissions_submission_change", args=[row.submission_id]),
            stratum=say_options(*declared, filter(None, row.stratum.split(", ")))
            if declared
            else row.stratum,
            done=names.get(row.pk, []),
            gone=""
            if row.submission.state == SubmissionState.SUBMITTED
            else row.submission.get_state_display().lower(),
            is_set_aside=row.submission.is_set_aside,
        )
        for row in rows
    ]
