"""The keys of the pages for reading: the page that lists them, and turning them off.

Single keys are in the way of people who speak to their computer (WCAG 2.1.4), so that each person
can turn them off.
"""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.call_admin import OfOwnCalls
from accounts.current_user import current_user
from accounts.models import User
from review.models import KeysTurnedOff

ADDRESS = "submissions_submission_keys"


def urls(admin: OfOwnCalls) -> list[URLPattern]:
    def page(request: HttpRequest) -> HttpResponse:
        return keys(request, admin)

    return [path("keys/", admin.admin_site.admin_view(page), name=ADDRESS)]


def has_keys(person: User) -> bool:
    return not KeysTurnedOff.objects.filter(person=person).exists()


def keys(request: HttpRequest, admin: OfOwnCalls) -> HttpResponse:
    """List the keys; turn them off or on for whoever posts."""
    if not admin.has_view_permission(request):
        raise PermissionDenied
    person = current_user(request)
    if request.method == "POST":
        if request.POST.get("keys") == "off":
            KeysTurnedOff.objects.get_or_create(person=person)
            messages.success(request, "The keys are off for you, in each browser.")
        else:
            KeysTurnedOff.objects.filter(person=person).delete()
            messages.success(request, "The keys are on for you.")
        return redirect(f"admin:{ADDRESS}")
    context = {
        **admin.admin_site.each_context(request),
        "title": "Keys",
        "opts": admin.opts,
        "has_keys": has_keys(person),
    }
    return TemplateResponse(request, "admin/submissions/submission/keys.html", context)
