"""Deleting in the admin what the page showed, and nothing that somebody changed meanwhile."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict

from core.admin.edit_conflicts import ConflictCheckedAdmin, last_saved_by, say


@dataclass(frozen=True)
class Shown:
    """What the page shows of a row: its values by their labels, and what is deleted with it."""

    values: dict[str, str]
    deleted: str


class ConflictCheckedDeletion(ConflictCheckedAdmin):
    """An admin whose rows are deleted one by one, each as its page showed it.

    The page that asks whether to delete carries each value that it shows. Where another is there
    by then, it asks again, and says both. Django's action that deletes several rows shows no
    values, so it is not offered.
    """

    delete_confirmation_template = "admin/delete_unless_changed.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        with transaction.atomic():
            if request.method == "POST":
                self._lock(object_id)
            row = self.get_object(request, unquote(object_id))
            if row is None or not self.has_delete_permission(request, row):
                return super().delete_view(request, object_id, extra_context)
            now = self._shown(request, row)
            if request.method == "POST":
                changed = _what_changed(row, now, request.POST.get("base_values", ""))
                for line in changed:
                    messages.error(request, line)
                if changed:
                    request.POST = QueryDict()  # Django asks again
            context = {"base_values": json.dumps(asdict(now)), "shown": now.values}
            return super().delete_view(request, object_id, context | (extra_context or {}))

    def _shown(self, request: HttpRequest, row: Model) -> Shown:
        form = self.get_form(request, row, change=True)(instance=row)
        values = {str(one.label): say(one.initial) for one in form if not one.field.disabled}
        _, numbers, _, _ = self.get_deleted_objects([row], request)
        deleted = ", ".join(f"{number} {name}" for name, number in sorted(numbers.items()))
        return Shown(values, deleted)


def _what_changed(row: Model, now: Shown, base_values: str) -> list[str]:
    """Return a sentence for each thing that is another than the page showed."""
    before = _read(base_values)
    if before is None:
        return ["The page did not say what it showed. Look at it again before you delete."]
    again = "Delete again if you still want to."
    said = [
        f"While this page was open, {last_saved_by(row, label)} saved {value} as “{label}”. "
        f"This page had {before.values.get(label, 'nothing')}. {again}"
        for label, value in now.values.items()
        if before.values.get(label) != value
    ]
    if before.deleted != now.deleted:
        said.append(
            f"These are deleted by now: {now.deleted}. This page had: {before.deleted}. {again}"
        )
    return said


def _read(base_values: str) -> Shown | None:
    """Return what a page carried; None if that is not what such a page carries."""
    try:
        carried: Any = json.loads(base_values)
    except ValueError:
        return None
    if not isinstance(carried, dict) or not isinstance(carried.get("values"), dict):
        return None
    return Shown(carried["values"], str(carried.get("deleted")))
