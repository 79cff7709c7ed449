"""A client that is signed in, for benches. Import it after `django.setup()`."""

from django.test import Client

from accounts.models import SignIn, User
from core import clock


def signed_in(reader: User) -> Client:
    """Return it with the row that signing in makes, without which the portal knows nobody."""
    client = Client()
    client.force_login(reader)
    now = clock.wall_now()
    session = client.session
    session["sign_in"] = SignIn.objects.create(user=reader, began_at=now, last_used_at=now).pk
    session.save()
    return client
