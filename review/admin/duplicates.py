"""Duplicates and campaigns: the list of alike responses, and the page to decide on."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.call_admin import OfOwnCalls, OwnCallsFilter
from accounts.current_user import current_user
from accounts.record import record_each
from accounts.rights import is_administrator, of_calls
from accounts.states import Action, AuditAction
from core import clock
from core.admin.read_only import ReadOnlyAdmin
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from core.row_keys import row_key, row_keys
from review.admin.duplicates_page import STATES, cluster_page, suggested_text
from review.admin.response_filters import Choices, OneOf
from review.admin.shortening import you_wrote
from review.duplicates.campaign_text import campaign_text_for, text_to_store
from review.duplicates.deciding import decide, readmit, take_out
from review.errors import DecisionOutdated, DecisionRefused
from review.models import Cluster, ClusterMember
from review.states import ClusterKind, ClusterState, MemberState
from submissions.responses.models import Submission

THERE = ~Q(members__state=MemberState.REJECTED)
NEW = Q(members__state=MemberState.PROPOSED)


class WaitingFilter(OneOf):
    title = "what to do"
    parameter_name = "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [("yes", "To decide, or new since")]

    def narrowed(self, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        proposed = ClusterMember.objects.filter(cluster=OuterRef("pk"), state=MemberState.PROPOSED)
        return queryset.filter(Exists(proposed))


@admin.register(Cluster)
class ClusterAdmin(OfOwnCalls, ReadOnlyAdmin):
    sees = Action.READ_RESPONSES
    nothing_yet = "No two responses are alike so far."
    counted_as = ("set of alike responses", "sets of alike responses")
    list_display = ("said_name", "kind", "state", "responses", "proposed", "found", "call")
    list_filter = (("call", OwnCallsFilter), WaitingFilter, "state", "kind")
    ordering = ("-found_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cluster]:
        """Those of the same sender say who answered: for people who may see that."""
        clusters = super().get_queryset(request)
        if not is_administrator(request.user):
            clusters = clusters.filter(
                Q(kind=ClusterKind.TEXT) | of_calls(request.user, Action.SEE_IDENTITY)
            )
        return clusters.select_related("call", "standing__current_version").annotate(
            number=Count("members", filter=THERE), new=Count("members", filter=NEW)
        )

    @admin.display(description="name", ordering="name")
    def said_name(self, cluster: Cluster) -> str:
        return str(cluster)

    @admin.display(description="responses", ordering="number")
    def responses(self, cluster: Any) -> int:
        return cluster.number

    @admin.display(description="to decide", ordering="new")
    def proposed(self, cluster: Any) -> int:
        return cluster.new

    @admin.display(description="found (UK time)", ordering="found_at")
    def found(self, cluster: Cluster) -> str:
        return in_uk_time(cluster.found_at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the responses with their differences, and take a decision about them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        cluster: Cluster | None = self.get_object(request, object_id)
        if cluster is None and request.method == "POST":
            return _gone(request)
        if cluster is None:
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined]  # no stub
                request, self.opts, object_id
            )
        error, base = "", None
        if request.method == "POST":
            try:
                said = self._post(request, cluster)
            except (DecisionRefused, DecisionOutdated) as refused:
                error, base = refused.message, _number(request.POST, "base")
                if isinstance(refused, DecisionOutdated):
                    error += ". Nothing of yours was saved: what you chose is below. Look again."
                    cluster, base = self.get_object(request, object_id), None
            else:
                messages.success(request, said)
                return redirect(reverse("admin:review_cluster_change", args=[object_id]))
        if cluster is None:
            return _gone(request)
        return self._page(request, cluster, error, base)

    def _page(
        self, request: HttpRequest, cluster: Cluster, error: str, base: int | None
    ) -> HttpResponse:
        """Show the set; `base` is what a page that was refused had of it, None for a new page."""
        page = cluster_page(cluster, number=request.GET.get("p", "1"), reader=request.user)
        record_each(
            [row.member.submission for row in page.members],
            by=current_user(request),
            at=clock.portal_now(),
            action=AuditAction.RESPONSE_OPENED,
            beside=cluster.pk,
        )
        given = request.POST if error else None
        # What was typed may be words of a response that has left since: then the page begins anew.
        typed = given if given and _still_there(cluster, given.get("text_from", "")) else None
        shown_text = campaign_text_for(request.user, cluster)
        text_from = cluster.text_from_id if cluster.text else page.reference and page.reference.pk
        context = {
            **self.admin_site.each_context(request),
            "title": f"Alike responses: {isolated(str(cluster))}",
            "opts": self.opts,
            "cluster": cluster,
            "page": page,
            "base": cluster.lock_version if base is None else base,
            "states": STATES,
            "error": error,
            "chosen": given.get("to", "") if given else cluster.state,
            "name": given.get("name", "") if given else cluster.name,
            "text": typed.get("text", "") if typed else shown_text or suggested_text(page),
            "text_from": typed.get("text_from", "") if typed else str(text_from or ""),
            "standing": given.get("standing", "") if given else str(cluster.standing_id or ""),
            "decided": in_uk_time(cluster.decided_at),
            "is_sender": cluster.kind == ClusterKind.SENDER,
        }
        template = "admin/review/cluster/page.html"
        return TemplateResponse(request, template, context, status=422 if error else 200)

    def _post(self, request: HttpRequest, cluster: Cluster) -> str:
        """Do what the form asks for; return what to tell. Raises what the verbs raise."""
        self.own_row(request, Action.DECIDE_DUPLICATES, Cluster.objects.all(), pk=cluster.pk)
        given = request.POST
        by, at = current_user(request), clock.portal_now()
        base = _number(given, "base")
        verbs = {"take_out": take_out, "readmit": readmit}
        if (verb := verbs.get(given.get("do", ""))) is not None:
            members = row_keys(given.getlist("member"))
            moved = verb(cluster, members=members, base=base, by=by, at=at)
            where = "taken out" if verb is take_out else "put back"
            return f"{moved} response{'' if moved == 1 else 's'} {where}."
        to = given.get("to", "")
        if to not in {state for state, _ in STATES}:
            raise DecisionRefused("Select what these responses are.")
        standing = _response(given, "standing")
        if standing is None and given.get("standing"):
            raise DecisionRefused("The response that counts is one of those shown.")
        text = given.get("text", "").replace("\0", "")
        decided = decide(
            cluster,
            to=ClusterState(to),
            up_to=_number(given, "up_to"),
            base=base,
            by=by,
            at=at,
            name=given.get("name", "").replace("\0", ""),
            text=text_to_store(request.user, cluster, text) if to == ClusterState.CAMPAIGN else "",
            text_from=_response(given, "text_from"),
            standing=standing,
        )
        return f"{decided} is now: {ClusterState(to).label.lower()}."


def _gone(request: HttpRequest) -> HttpResponse:
    """Lead away as Django does, with the name that was typed: the text may be of one that left."""
    typed = you_wrote(request.POST.get("name", ""))
    messages.error(request, f"This set is there no more. Nothing was saved.{typed}")
    return redirect("admin:index")


def _response(given: QueryDict, name: str) -> Submission | None:
    return Submission.objects.filter(pk__in=row_keys(given.getlist(name))).first()


def _still_there(cluster: Cluster, key: str) -> bool:
    """Return whether the response that the page took its text from is still in the set."""
    there = {"", str(cluster.text_from_id)}
    return key in there or cluster.members.filter(submission__in=row_keys([key])).exists()


def _number(given: QueryDict, name: str) -> int:
    """Return the number that the page carried, -1 for what is none."""
    key = row_key(given.get(name, ""))
    return -1 if key is None else key
