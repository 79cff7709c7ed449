"""Who comes to which page of /steering/: asked anew for each request, for the page's own call."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.current_user import current_user
from accounts.models import User
from accounts.rights import AT_STEERING, is_member, may, may_somewhere
from accounts.states import Action
from exports.permissions import may_export
from submissions.calls.models import Call
from submissions.respondent.typed_when_signed_out import lead_to_sign_in

View = Callable[..., HttpResponseBase]


def of_call(allowed: Callable[[User, Call], bool]) -> Callable[[View], View]:
    """Return a decorator that hands the view the call in the address, if `allowed`.

    Somebody of another call gets 404, as where there is no such call; a member who may not, 403.
    Whoever posts a form after their sign-in ended gets back what they typed.
    """

    def decorate(view: View) -> View:
        @login_required
        def for_members(
            request: HttpRequest, slug: str, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            reader = current_user(request)
            if not any(may_somewhere(reader, action) for action in AT_STEERING):
                raise PermissionDenied
            call = Call.objects.filter(slug=slug).first()
            if call is None or not is_member(reader, call):
                raise Http404
            if not allowed(reader, call):
                raise PermissionDenied
            return view(request, call, *args, **kwargs)

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST" and not request.user.is_authenticated:
                return lead_to_sign_in(request, at=reverse("sign_in"))
            return for_members(request, *args, **kwargs)

        return checked

    return decorate


def sees_charts(reader: User, call: Call) -> bool:
    return may(reader, Action.SEE_STEERING, call)


def downloads_at_once(reader: User, call: Call) -> bool:
    """Return whether the links beside the charts are for the reader."""
    return sees_charts(reader, call) and may_export(reader, call)
