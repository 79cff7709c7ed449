"""The pages on which staff upload many responses, look at a dry run and have it carried out."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls, refuse_unless_somewhere
from accounts.current_user import current_user
from accounts.identity import may_see_identity
from accounts.record import record
from accounts.rights import calls_of, narrowed
from accounts.states import Action, AuditAction
from core import clock
from core.admin.uk_time import in_uk_time
from core.direction import isolated
from core.whole_files import FileLost
from submissions.admin.import_form import ImportForm
from submissions.responses.errors import ImportRefused
from submissions.responses.etags import etag
from submissions.responses.importing import uploads
from submissions.responses.importing.choices import Choices
from submissions.responses.importing.dry_run import dry_run
from submissions.responses.importing.folders import Folder
from submissions.responses.models import ResponseImport
from submissions.responses.tasks import nudge_imports

MOST_LINES = 500
LISTED = 20
Page = Callable[[HttpRequest, OfOwnCalls, ResponseImport], HttpResponse]
THEIRS = "{} uploaded this file. It says who answers, so only who may see that looks at it."


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(view: Page) -> Callable[..., HttpResponse]:
        def guarded(request: HttpRequest, pk: int) -> HttpResponse:
            refuse_unless_somewhere(request, Action.ENTER_RESPONSES)
            found = narrowed(
                ResponseImport.objects.all(), request.user, Action.ENTER_RESPONSES, path="call"
            )
            if request.method == "POST" and not ResponseImport.objects.filter(pk=pk).exists():
                messages.error(request, "This file is deleted already.")
                return redirect("admin:submissions_entry_changelist")
            of = get_object_or_404(found.select_related("call", "uploaded_by"), pk=pk)
            is_theirs = of.uploaded_by_id == current_user(request).pk
            if not is_theirs and not may_see_identity(request.user, of.call_id):
                messages.error(request, THEIRS.format(of.uploaded_by))
                return redirect("admin:submissions_entry_import", of.call_id)
            if not is_theirs and view is _look and of.is_to_be_checked:
                record(
                    by=current_user(request),
                    at=clock.portal_now(),
                    action=AuditAction.IMPORT_OPENED,
                    call=of.call,
                    upload=str(of.public_id),
                )
            return view(request, admin, of)

        return admin.admin_site.admin_view(guarded)

    def begin(request: HttpRequest, pk: int) -> HttpResponse:
        return _begin(request, admin, pk)

    view = admin.admin_site.admin_view
    return [
        path("import/<int:pk>/", view(begin), name="submissions_entry_import"),
        path("imports/<int:pk>/", page(_look), name="submissions_entry_upload"),
        path("imports/<int:pk>/carry-out/", page(_carry_out), name="submissions_entry_carry_out"),
        path("imports/<int:pk>/discard/", page(_discard), name="submissions_entry_let_go"),
    ]


def _render(
    request: HttpRequest, admin: OfOwnCalls, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {**admin.admin_site.each_context(request), "opts": admin.opts, **more}
    return TemplateResponse(
        request, f"admin/submissions/entry/{template}.html", context, status=status
    )


def _begin(request: HttpRequest, admin: OfOwnCalls, pk: int) -> HttpResponse:
    """Upload a file, and see what was uploaded before."""
    refuse_unless_somewhere(request, Action.ENTER_RESPONSES)
    call = get_object_or_404(calls_of(request.user, Action.ENTER_RESPONSES), pk=pk)
    status = 200
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise ImportRefused("Choose a file first")
            made = uploads.upload(
                call=call, file=file, by=current_user(request), at=clock.portal_now()
            )
        except ImportRefused as refused:
            messages.error(request, f"{refused.message}.")
            status = 422
        else:
            return redirect("admin:submissions_entry_upload", made.pk)
    recent = list(ResponseImport.objects.filter(call=call).select_related("uploaded_by")[:LISTED])
    wrong = uploads.what_went_wrong(recent)
    return _render(
        request,
        admin,
        "import",
        status=status,
        title="Enter many responses at once",
        call=call,
        imports=[
            {"of": one, "uploaded": in_uk_time(one.uploaded_at), **wrong[one]} for one in recent
        ],
    )


def _look(request: HttpRequest, admin: OfOwnCalls, of: ResponseImport) -> HttpResponse:
    """Choose what each column is, and see what would come in; once asked for, how far it is."""
    if not of.is_to_be_checked:
        if request.method == "POST":
            messages.error(
                request, "Somebody had this file carried out already. Your choices were not kept."
            )
            return redirect("admin:submissions_entry_upload", of.pk)
        wrong = uploads.what_went_wrong([of])[of]
        title = f"Import of {isolated(of.name)}"
        return _render(request, admin, "progress", title=title, of=of, call=of.call, **wrong)
    try:
        content = uploads.content_of(of)
    except (FileLost, ImportRefused):
        messages.error(request, "The file cannot be read any more. Discard it and upload it again.")
        return redirect("admin:submissions_entry_let_go", of.pk)
    choices = Choices.of(of.choices)
    data = request.POST if request.method == "POST" else None
    form = ImportForm(data, call=of.call, content=content, choices=choices)
    if form.is_bound and form.is_valid():
        try:
            uploads.choose(of, form.choices)
        except ImportRefused as refused:
            messages.error(request, f"{refused.message}.")
            return redirect("admin:submissions_entry_import", of.call_id)
        return redirect(f"{request.path}?dry-run=1#dry-run")
    run = None
    if not form.is_bound and request.GET.get("dry-run") == "1":
        run = dry_run(of, content, choices)
    return _render(
        request,
        admin,
        "look",
        status=422 if form.is_bound else 200,
        title=f"What would come in from {isolated(of.name)}",
        of=of,
        call=of.call,
        form=form,
        content=content,
        is_folder=isinstance(content, Folder),
        earlier=uploads.earlier_of(of),
        run=run,
        lines=run.lines[:MOST_LINES] if run else [],
        lines_left=max(0, len(run.lines) - MOST_LINES) if run else 0,
        choices_etag=etag(of.choices),
    )


def _carry_out(request: HttpRequest, admin: OfOwnCalls, of: ResponseImport) -> HttpResponse:
    if request.method != "POST":
        return redirect("admin:submissions_entry_upload", of.pk)
    try:
        uploads.carry_out(
            of,
            seen=request.POST.get("choices", ""),
            by=current_user(request),
            at=clock.portal_now(),
        )
    except ImportRefused as refused:
        messages.error(request, f"{refused.message}.")
    else:
        nudge_imports()
    return redirect("admin:submissions_entry_upload", of.pk)


def _discard(request: HttpRequest, admin: OfOwnCalls, of: ResponseImport) -> HttpResponse:
    """Ask whether to delete the upload, and delete it."""
    if request.method == "POST":
        try:
            uploads.discard(of, by=current_user(request), at=clock.portal_now())
            messages.success(request, "The file is deleted. Nothing of it was entered.")
        except ImportRefused as refused:
            messages.error(request, f"{refused.message}.")
        return redirect("admin:submissions_entry_import", of.call_id)
    title = f"Delete {isolated(of.name)}?"
    return _render(request, admin, "let_go", title=title, of=of, call=of.call)
