"""Who makes a request."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from accounts.current_user import current_user
from accounts.models import User


def test_current_user_is_who_is_signed_in(rf):
    request = rf.get("/")
    request.user = User(username="sam")
    assert current_user(request) is request.user


def test_current_user_of_a_stranger_is_refused(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        current_user(request)
