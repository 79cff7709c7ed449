"""Moments that people enter lie within five years from now, wherever they are entered."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.states import Role
from core import spoken_time
from core.time_limits import later, latest_moment
from exports.filters import ExportFilter, FilterRefused
from submissions.calls.models import Call
from submissions.definitions import closing_times
from submissions.definitions.errors import ClosingTimeRefused, DefinitionRefused
from submissions.definitions.loading import load, parse
from submissions.mail.samples import render_sample
from submissions.outbox.states import MailKind
from submissions.responses import late_passes
from submissions.responses.errors import LatePassRefused
from submissions.responses.models import ClosingChange, LatePass
from tests.makers import CLOSES_AT, OPENS_AT, SMALL, make_call, make_submitted, make_user

FIVE_YEARS = datetime(2024, 5, 29, 8, tzinfo=UTC)  # after OPENS_AT
MOMENT = timedelta(microseconds=1)
FIRST, LAST = (each.replace(tzinfo=UTC) for each in (datetime.min, datetime.max))  # noqa: DTZ901 - it gets its zone
FAR_DAYS = ["0001-01-01", "1999-12-31", "2024-05-30", "3000-01-01", "9999-12-31"]


@pytest.fixture
def staff(client, at):
    user = make_user(Role.MANAGER, is_staff=True)
    client.force_login(user)
    at(OPENS_AT)
    return user


def test_five_years_later_is_the_same_day_or_the_last_of_february():
    assert latest_moment(OPENS_AT) == FIVE_YEARS
    leap = datetime(2020, 2, 29, 12, tzinfo=UTC)
    assert latest_moment(leap) == datetime(2025, 2, 28, 12, tzinfo=UTC)


def test_sums_stay_in_the_calendar():
    assert later(CLOSES_AT, timedelta(days=2)) == CLOSES_AT + timedelta(days=2)
    end = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert later(end, timedelta(days=2)) == datetime(9990, 1, 3, tzinfo=UTC)


@pytest.mark.django_db
def test_closing_time_is_at_most_five_years_away():
    call, by = make_call(), make_user()
    for_ever = {"reason": "Long", "by": by, "at": OPENS_AT}
    with pytest.raises(ClosingTimeRefused, match="within 5 years from now"):
        closing_times.change_closing_time(call, to=FIVE_YEARS + MOMENT, **for_ever)
    changed = closing_times.change_closing_time(call, to=FIVE_YEARS, **for_ever)
    assert changed.closes_at == FIVE_YEARS


@pytest.mark.django_db
def test_late_pass_is_at_most_five_years_long():
    call, by = make_call(), make_user()
    to = {"call": call, "address": "jo@example.org", "reason": "Ill", "by": by, "at": OPENS_AT}
    with pytest.raises(LatePassRefused, match="within 5 years from now"):
        late_passes.give(**to, expires_at=FIVE_YEARS + MOMENT)
    assert late_passes.give(**to, expires_at=FIVE_YEARS).expires_at == FIVE_YEARS


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Kiritimati", "America/Los_Angeles"])
@pytest.mark.parametrize("day", FAR_DAYS)
def test_staff_are_told_that_a_closing_day_is_too_far_away(client, staff, day, zone):
    call = make_call(timezone=zone)
    address = reverse("admin:submissions_call_closing_time", args=[call.pk])
    page = client.post(address, {"day": day, "time": "23:59", "reason": "Long"})
    assert page.status_code == 200
    assert page.context["form"].errors["day"] == [
        "Enter a day from 2000 on and within 5 years from now."
    ]
    assert ClosingChange.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("day", FAR_DAYS)
def test_staff_are_told_that_a_pass_is_too_long(client, staff, day):
    call = make_call()
    address = reverse("admin:submissions_latepass_give", args=[call.pk])
    posted = {"address": "jo@example.org", "day": day, "time": "00:00", "reason": "Ill"}
    page = client.post(address, posted)
    assert page.status_code == 200
    assert page.context["form"].errors["day"] == [
        "Enter a day from 2000 on and within 5 years from now."
    ]
    assert LatePass.objects.count() == 0


@pytest.mark.django_db
def test_pages_stand_a_closing_time_of_an_earlier_release(client, staff):
    call = make_call(grace_minutes=60)
    Call.objects.filter(pk=call.pk).update(closes_at=datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    call.refresh_from_db()
    addresses = [
        reverse("call", args=[call.slug]),
        reverse("admin:submissions_call_change", args=[call.pk]),
        reverse("admin:submissions_call_closing_time", args=[call.pk]),
        reverse("admin:submissions_call_closing_report", args=[call.pk]),
        reverse("admin:submissions_latepass_give", args=[call.pk]),
    ]
    assert [client.get(address).status_code for address in addresses] == [200] * 5
    assert [bool(render_sample(kind, call).subject) for kind in MailKind] == [True] * len(MailKind)
    assert make_submitted(call, at=OPENS_AT).reference.startswith("TST-")


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Tokyo", "America/Los_Angeles"])
@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_first_and_last_moment_can_be_said_in_each_zone(zone, moment):
    for say in (spoken_time.say_moment, spoken_time.say_exactly, spoken_time.say_time):
        assert say(moment, zone)
    assert spoken_time.say_saved(moment, moment, zone)


@pytest.mark.django_db
def test_pages_stand_the_last_moment_in_a_zone_east_of_greenwich(client):
    call = make_call(timezone="Pacific/Kiritimati", grace_minutes=60)
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    Call.objects.filter(pk=call.pk).update(closes_at=last)
    call.refresh_from_db()
    client.force_login(make_user(is_staff=True, is_superuser=True))
    make_submitted(call, at=OPENS_AT)
    addresses = [
        "/",
        reverse("call", args=[call.slug]),
        reverse("questions", args=[call.slug]),
        reverse("time_left", args=[call.slug]),
        "/steering/",
        reverse("steering_call", args=[call.slug]),
        reverse("exports", args=[call.slug]),
        reverse("admin:submissions_call_changelist"),
        reverse("admin:submissions_call_change", args=[call.pk]),
        reverse("admin:submissions_call_closing_time", args=[call.pk]),
        reverse("admin:submissions_call_closing_report", args=[call.pk]),
        reverse("admin:submissions_latepass_give", args=[call.pk]),
    ]
    answers = {path: client.get(path, follow=True).status_code for path in addresses}
    assert answers == dict.fromkeys(addresses, 200)
    assert [bool(render_sample(kind, call).subject) for kind in MailKind] == [True] * len(MailKind)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["opens", "closes"])
def test_definition_of_a_call_too_far_away_is_refused(name):
    written = {"opens": "2019-05-29T09:00:00", "closes": "2019-07-24T12:00:00"}
    text = SMALL.read_text().replace(
        f"closes = {written['closes']}", "closes = 2024-05-29T09:00:00"
    )
    assert load(parse(text, source="s"), by=None, at=OPENS_AT).outcome == "created"
    text = text.replace('slug = "small"', 'slug = "later"').replace('"SML"', '"LTR"')
    text = text.replace("closes = 2024-05-29T09:00:00", "closes = 2024-05-29T09:00:01")
    if name == "opens":
        text = text.replace(f"opens = {written['opens']}", "opens = 2024-05-29T09:00:00.5")
    with pytest.raises(DefinitionRefused) as refused:
        load(parse(text, source="s"), by=None, at=OPENS_AT)
    reason = "must be within 5 years from now"
    names = ["opens", "closes"] if name == "opens" else ["closes"]
    assert refused.value.problems == [f"s: call.{each}: {reason}" for each in names]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "days",
    [
        {"since": date(1999, 12, 31)},
        {"until": date(2025, 1, 1)},
        {"since": date.min, "until": date.max},
    ],
)
def test_days_of_an_export_are_days_on_which_something_may_have_come(days):
    call = make_call()
    with pytest.raises(FilterRefused, match=r"Give days in the years 2000 to 2024\."):
        ExportFilter(**days).checked(call)
    in_time = ExportFilter(since=date(2000, 1, 1), until=date(2024, 12, 31))
    assert in_time.checked(call) == in_time


@pytest.mark.django_db
@pytest.mark.parametrize(
    "when",
    [
        "0001-01-01T00:00+14:00",
        "9999-12-31T23:59",
        "1999-12-31T00:00",
        "closing+999999999999d",
        "closing-9999999d",
        "+999999999d",
        "closing+4000d",
    ],
)
def test_rehearsal_moves_no_further_than_five_years(settings, tmp_path, when):
    settings.REHEARSAL = True
    settings.REHEARSAL_OFFSET = timedelta(0)
    settings.REHEARSAL_MOVED = tmp_path / "moved"
    make_call(closes_at=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(CommandError, match="too far away"):
        call_command("rehearse", at=when)
    assert not settings.REHEARSAL_MOVED.exists()
