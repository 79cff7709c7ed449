"""The pages of exports that the worker makes: how far each is, its file, cancelling it."""

import logging
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from accounts.asking_again import ask_again
from accounts.current_user import current_user
from accounts.identity import text_for
from accounts.rights import may
from accounts.states import Action
from core import clock, spoken_time
from core.disclosure_control import FEW
from core.posted_from import posted_from
from core.spoken_numbers import say_number
from core.whole_files import FileDamaged, FileLost, FileMissing, open_whole
from exports import export_runs
from exports.durations import minutes
from exports.formats import FORMATS, label_of
from exports.models import ExportRun
from exports.permissions import may_export, may_export_confidential, may_export_named
from exports.recording import say_left_out, say_lost_files
from exports.states import ExportState
from exports.steering.access import of_call
from exports.steering.on_record import (
    chosen_in_words,
    hides,
    number_in_words,
    total_behind_remainders,
)
from submissions.calls.models import Call
from submissions.calls.retention import DataClass, period_of

logger = logging.getLogger(__name__)
LOST = {
    FileMissing: gettext_lazy("The file of this export is missing. Export again."),
    FileDamaged: gettext_lazy(
        "The file of this export is damaged, so you cannot download it. Export again."
    ),
}


def _run_of(request: HttpRequest, call: Call, public_id: UUID) -> ExportRun:
    """Return the export, to somebody who may have it; nobody else learns that it exists.

    Raises PermissionDenied where somebody has lost the right since.
    """
    runs = ExportRun.objects.select_related("call", "by")
    run = get_object_or_404(runs, call=call, public_id=public_id)
    by = current_user(request)
    if not export_runs.may_take(run, by=by):
        raise Http404
    may_have = (
        (not run.named or may_export_named(by, call))
        and (not run.confidential or may_export_confidential(by, call))
        and (run.named or may_export(by, call))
        # How the list of responses was narrowed tells what staff think of them.
        and ("listed" not in run.filters or may(by, Action.READ_RESPONSES, call))
    )
    if not may_have:
        raise PermissionDenied
    return run


@require_safe
@of_call(may_export)
def run_page(request: HttpRequest, call: Call, public_id: UUID) -> HttpResponse:
    """How far an export is; later a link to its file."""
    return _page(request, _run_of(request, call, public_id))


def _page(
    request: HttpRequest, run: ExportRun, *, lost: str = "", status: int = 200
) -> HttpResponse:
    zone = run.call.timezone
    total = total_behind_remainders(run.call)
    context = {
        "call": run.call,
        "run": run,
        "reason": text_for(request.user, run.reason, run.call_id),
        "label": label_of(run.file_format),
        "chosen": chosen_in_words(run.call, run.filters),
        "kept_for": period_of(run.call, DataClass.EXPORTS).say(),
        "asked": spoken_time.say_moment(run.asked_at, zone),
        "expires": spoken_time.say_moment(run.expires_at, zone) if run.expires_at else "",
        "warning": say_lost_files(run.lost_files) if run.lost_files else "",
        "left_out": [say_left_out(*each) for each in export_runs.left_out(run).items()],
        "lost": lost,
        "is_kept": not lost and export_runs.is_kept(run, at=clock.portal_now()),
        "is_unfinished": run.state in export_runs.UNFINISHED,
        "progress": _progress(run),
        "minutes": minutes(run.file_format, run.rows_total),
        "rows": FEW if hides(run.call, run.rows_done, of=total) else run.rows_done,
        "rows_in_words": number_in_words(run.call, run.rows_done, of=total),
    }
    return render(request, "steering/run.html", context, status=status)


@require_safe
@of_call(may_export)
def run_progress(request: HttpRequest, call: Call, public_id: UUID) -> HttpResponse:
    """How far an export is, for the page's script, which asks every other second."""
    run = _run_of(request, call, public_id)
    return JsonResponse({"state": run.state, **_progress(run)})


def _progress(run: ExportRun) -> dict[str, Any]:
    """Return the rows done, the rows in all, and both in words.

    Where the call hides small counts, and this is one, it returns none of them.
    """
    hidden = hides(run.call, run.rows_total, of=total_behind_remainders(run.call))
    if run.state == ExportState.WAITING:
        words = _("Waiting for the exports before it.")
    elif hidden:
        words = _("It is being made.")
    else:
        words = ngettext(
            "%(done)s of %(total)s response.", "%(done)s of %(total)s responses.", run.rows_total
        ) % {"done": say_number(run.rows_done), "total": say_number(run.rows_total)}
    done, total = (0, 1) if hidden else (run.rows_done, run.rows_total)
    return {"done": done, "total": total, "words": words}


@require_safe
@of_call(may_export)
def run_file(request: HttpRequest, call: Call, public_id: UUID) -> HttpResponseBase:
    """The file, while the portal keeps it; each download goes on record.

    One that is not the file that was made any more is not handed out: the page says so.
    """
    run = _run_of(request, call, public_id)
    now = clock.portal_now()
    if not export_runs.is_kept(run, at=now):
        raise Http404
    if run.named or run.confidential:
        ask_again(request)
    try:
        stream = open_whole(run.file, sha256=run.sha256)
    except FileLost as lost:
        logger.error("the file of %s is %s", run, lost)
        return _page(request, run, lost=str(LOST[type(lost)]), status=410)
    if request.method == "GET":
        export_runs.note_download(run, by=current_user(request), at=now)
    response = FileResponse(
        stream,
        as_attachment=True,
        filename=run.file_name,
        content_type=FORMATS[run.file_format].content_type,
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@of_call(may_export)
@posted_from("export_run", "slug", "public_id")
def cancel_run(request: HttpRequest, call: Call, public_id: UUID) -> HttpResponse:
    """Stop an export that is not finished."""
    run = _run_of(request, call, public_id)
    export_runs.cancel(run, by=current_user(request), at=clock.portal_now())
    return redirect("export_run", slug=call.slug, public_id=public_id)
