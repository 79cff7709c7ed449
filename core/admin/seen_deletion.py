"""Deleting in the admin what the page showed, and nothing that somebody changed meanwhile."""

import json
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict

from core.admin.seen_forms import SeenAdmin, last_saved_by, say

Shown = dict[str, str]
GOES_WITH_IT = ""  # the place, among labels of fields, of what is deleted together


class SeenDeletion(SeenAdmin):
    """An admin whose rows are deleted one by one, each as its page showed it.

    The page that asks whether to delete carries each value that it shows. Where another is there
    by then, it asks again, and says both. Django's action that deletes several rows shows no
    values, so it is not offered.
    """

    delete_confirmation_template = "admin/delete_seen.html"

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
                changed = _what_changed(row, now, request.POST.get("seen", ""))
                for line in changed:
                    messages.error(request, line)
                if changed:
                    request.POST = QueryDict()  # Django asks again
            shown = {label: value for label, value in now.items() if label != GOES_WITH_IT}
            context = {"seen": json.dumps(now), "shown": shown}
            return super().delete_view(request, object_id, context | (extra_context or {}))

    def _shown(self, request: HttpRequest, row: Model) -> Shown:
        """Return each value of the row's own page by its label, and what is deleted with it."""
        form = self.get_form(request, row, change=True)(instance=row)
        values = {str(one.label): say(one.initial) for one in form if not one.field.disabled}
        _, numbers, _, _ = self.get_deleted_objects([row], request)
        with_it = ", ".join(f"{number} {name}" for name, number in sorted(numbers.items()))
        return values | {GOES_WITH_IT: with_it}


def _what_changed(row: Model, now: Shown, seen: str) -> list[str]:
    """Return a sentence for each thing that is another than the page showed."""
    try:
        before = json.loads(seen)
    except ValueError:
        before = None
    if not isinstance(before, dict):
        return ["The page did not say what it showed. Look at it again before you delete."]
    changed = [label for label in now if before.get(label) != now[label]]
    return [
        f"While this page was open, {last_saved_by(row, label)} saved {now[label]} as “{label}”. "
        f"This page had {before.get(label, 'nothing')}. Delete again if you still want to."
        if label != GOES_WITH_IT
        else f"These are deleted by now: {now[label]}. This page had: "
        f"{before.get(label, 'nothing')}. Delete again if you still want to."
        for label in changed
    ]
