"""Signing in with an organisation's account: the way to its provider of OpenID Connect."""

import logging

from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe
from requests import RequestException

logger = logging.getLogger(__name__)


@require_safe
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Lead to the provider, to sign in and for nothing else.

    allauth lets an address name other things to do there, and what to ask the provider for. Here
    only `next` counts.
    """
    asked = QueryDict(mutable=True)
    if wanted := request.GET.get("next"):
        asked["next"] = wanted
    request.GET = asked  # type: ignore[assignment]  # it is mutable, which nobody uses
    try:
        answer: HttpResponse = openid_connect.login(request, provider_id)
    except RequestException as error:
        logger.warning("sign-in: the provider does not answer: %s", type(error).__name__)
        return render(request, "account/openid_failed.html", status=503)
    return answer
