"""The CSV and its dictionary, at addresses that others build on."""

import csv
import io

import pytest

from accounts.models import AuditEvent
from accounts.states import Action, Role
from exports.all_columns import columns
from exports.types import Dataset
from exports.writers.dictionary import rules
from tests.exports.counted_call import NOW, make_counted_call
from tests.makers import make_call, make_user, withhold

pytestmark = pytest.mark.usefixtures("clock_after_closing")


@pytest.mark.django_db
def test_csv_comes_as_a_download_and_is_on_record(steering):
    make_counted_call()
    answer = steering.get("/steering/the-call/export.csv")
    data = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert answer["Content-Disposition"] == 'attachment; filename="the-call-2019-07-24.csv"'
    assert answer["Cache-Control"] == "no-store"
    assert len(list(csv.reader(io.StringIO(data.decode(), newline="")))) == 5
    event = AuditEvent.objects.exclude(action="export_started").get()
    assert (event.action, event.actor, event.call.slug, event.at, event.detail["rows"]) == (
        "exported",
        steering.user,
        "the-call",
        NOW,
        4,
    )


@pytest.mark.django_db
def test_seeing_the_page_does_not_permit_to_export(client):
    make_call(slug="the-call")
    user = make_user(Role.STEERING_MEMBER)
    withhold(user, Action.EXPORT)
    client.force_login(user)
    assert "Download CSV" not in client.get("/steering/the-call/").content.decode()
    assert client.get("/steering/the-call/export.csv").status_code == 403
    assert client.get("/steering/the-call/dictionary.csv").status_code == 403
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_dictionary_describes_every_column_and_what_is_withheld(steering):
    call = make_counted_call()
    answer = steering.get("/steering/the-call/dictionary.csv")
    name = "the-call-2019-07-24-data-dictionary.csv"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    by_type = {}
    for row in rows:
        kind = row["type"] if row["type"] in {"withheld", "rule", "files"} else "column"
        by_type.setdefault(kind, []).append(row["column"])
    assert by_type == {
        "column": [column.name for column in columns(call)],
        "withheld": ["email"],
        "rule": [f"({name})" for name, _ in rules(Dataset(call))],
    }
    band = next(row for row in rows if row["column"] == "income_band")
    assert (band["meaning"], band["values"]) == (
        "Income",
        "lt_10k = Under £10,000\n10k_25k = £10,000 to £25,000",
    )
