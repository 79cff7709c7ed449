"""The record, and who may manage users."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import AuditEvent, User
from accounts.record import record
from accounts.states import AuditAction, Role
from tests.makers import OPENS_AT, PASSWORD, make_call, make_user

PEOPLE = ["accounts/user/", "accounts/user/add/"]


@pytest.mark.django_db
def test_record_is_read_and_never_edited(client):
    user = make_user(is_staff=True, is_superuser=True)
    client.force_login(user)
    event = record(
        by=user, at=OPENS_AT, action=AuditAction.EXPORTED, call=make_call(), rows=7, format="csv"
    )
    address = f"/admin/accounts/auditevent/{event.pk}/"
    for page in ("/admin/accounts/auditevent/", address + "change/"):
        text = client.get(page).content.decode()
        assert "29 May 2019, 09:00:00" in text
        assert "format: csv" in text
        assert "rows: 7" in text
    before = list(AuditEvent.objects.values())
    for path in ("change/", "delete/"):
        assert client.post(address + path, {"post": "yes", "action": "x"}).status_code == 403
    assert client.post("/admin/accounts/auditevent/add/").status_code == 403
    assert list(AuditEvent.objects.values()) == before


@pytest.mark.django_db
def test_long_list_in_a_detail_is_whole_on_the_page_of_its_event_alone(client):
    client.force_login(make_user(is_staff=True, is_superuser=True))
    event = record(by=None, at=OPENS_AT, action="export_started", responses=list(range(1000, 1060)))
    page = client.get("/admin/accounts/auditevent/").content.decode()
    assert "1049] and 10 more" in page
    assert "1050" not in page
    page = client.get(f"/admin/accounts/auditevent/{event.pk}/change/").content.decode()
    assert "1058, 1059]" in page


@pytest.mark.django_db
@pytest.mark.parametrize("page", PEOPLE)
def test_users_are_for_superusers_only(client, page):
    user = make_user(Role.MANAGER, is_staff=True)
    # Even permissions given by mistake do not open them.
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
    client.force_login(user)
    assert client.get(f"/admin/{page}").status_code == 403
    assert "/admin/accounts/user/" not in client.get("/admin/").content.decode()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    assert client.get(f"/admin/{page}").status_code == 200
    assert "/admin/accounts/user/" in client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_staff_cannot_make_themselves_a_superuser(client):
    user = make_user(Role.MANAGER, is_staff=True)
    client.force_login(user)
    answer = client.post(f"/admin/accounts/user/{user.pk}/change/", {"is_superuser": "on"})
    assert answer.status_code == 403
    assert not User.objects.filter(is_superuser=True).exists()


@pytest.mark.django_db
def test_staff_session_is_cut_when_signing_in_to_the_admin(client, settings):
    settings.STAFF_SESSION_SECONDS = 1234
    make_call()
    user = make_user(Role.MANAGER)
    client.post("/admin/login/", {"username": user.username, "password": PASSWORD})
    assert client.session.get_expiry_age() == 1234


@pytest.mark.django_db
def test_admin_says_that_it_is_a_rehearsal(client, settings):
    client.force_login(make_user(is_superuser=True))
    assert "Rehearsal." not in client.get("/admin/").content.decode()
    settings.REHEARSAL = True
    assert "Rehearsal." in client.get("/admin/").content.decode()


@pytest.mark.django_db
def test_every_page_of_the_admin_has_the_portals_icon(client):
    icon = '<link rel="icon" href="/static/img/icon.svg" type="image/svg+xml">'
    client.force_login(make_user(is_staff=True, is_superuser=True))
    for address in ("", "submissions/submission/", "accounts/user/add/"):
        assert icon in client.get(f"/admin/{address}").content.decode()
