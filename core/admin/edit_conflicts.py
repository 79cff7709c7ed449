"""Forms of the admin that never overwrite unseen what somebody else saved while they were open.

Each field carries the value that it was shown with, by Django's own `show_hidden_initial`. Where
the row has another value by then, the form is refused: it says what was saved and by whom. What
was typed stays, and saving again puts it in place.
"""

import json
from contextlib import suppress
from typing import Any, cast

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict

SOMEBODY = "Somebody else"


class ConflictCheckedForm(forms.ModelForm):
    """Refuses to overwrite what was saved since the form was shown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk is not None:
            for field in self.fields.values():
                # A disabled field is not posted; one is the digest of a password.
                field.show_hidden_initial = not field.disabled

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        typed = set(self.changed_data)
        for name, field in self.fields.items():
            if field.show_hidden_initial:
                self._compare(name, field, is_typed=name in typed)
        return cleaned

    def _compare(self, name: str, field: forms.Field, *, is_typed: bool) -> None:
        bound = self[name]
        shown = field.hidden_widget().value_from_datadict(
            self.data, self.files, bound.html_initial_name
        )
        now = bound.initial
        if not field.has_changed(now, shown) or not field.has_changed(now, bound.data):
            return
        saved = f"{self.changed_by(name)} saved {say(now)} here while this page was open."
        if is_typed:
            self.add_error(
                name,
                f"{saved} You typed {say(_chosen(field, bound.data))}. Save again to put yours "
                "in its place.",
            )
        else:
            before = say(_chosen(field, shown))
            self.add_error(
                name, f"{saved} This page had {before}. What was saved is in the form now."
            )
        data = cast("QueryDict", self.data).copy()
        _fill_in(data, bound.html_initial_name, field.prepare_value(now))
        if not is_typed:
            _fill_in(data, bound.html_name, field.prepare_value(now))
        self.data = data

    def changed_by(self, name: str) -> str:
        """Return the name of the person who changed the field last, as far as is known."""
        return last_saved_by(self.instance, str(self.fields[name].label or name))


def last_saved_by(row: Model, label: str) -> str:
    """Return who saved the field with the label last, by Django's own history of the row."""
    entry = (
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row),
            object_id=str(row.pk),
            change_message__contains=json.dumps(label),
        )
        .select_related("user")
        .first()
    )
    return entry.user.get_username() if entry else SOMEBODY


def _fill_in(data: QueryDict, name: str, value: Any) -> None:
    if isinstance(value, list | tuple):
        data.setlist(name, [str(one) for one in value])
    else:
        data[name] = "" if value is None else str(value)


def _chosen(field: forms.Field, data: Any) -> Any:
    """Return what was posted as the field reads it; as it was posted if it cannot be read."""
    with suppress(ValidationError):
        return field.to_python(data)
    return data


def say(value: Any) -> str:
    """Return the value of a field in quotation marks, in words."""
    if isinstance(value, bool):
        return "“yes”" if value else "“no”"
    if isinstance(value, str):
        return f"“{value}”" if value else "nothing"
    return f"“{', '.join(str(one) for one in value or ())}”" if value else "nothing"


class ConflictCheckedAdmin(ModelAdmin):
    """An admin whose change page is saved by one person at a time."""

    form = ConflictCheckedForm

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        request.POST = with_unix_line_ends(request.POST)  # type: ignore[assignment]  # the stubs want Django's own
        with transaction.atomic():
            self._lock(object_id)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def _lock(self, object_id: str | None) -> None:
        """Wait for whoever saves the same row at this moment; what they saved is read then."""
        if object_id is None:
            return
        with suppress(ValidationError):
            key = self.model._meta.pk.to_python(unquote(object_id))
            rows = self.model._default_manager.select_for_update(no_key=True)
            rows.filter(pk=key).values_list("pk").first()


def with_unix_line_ends(posted: QueryDict) -> QueryDict:
    """Return what was posted with LF as line end: browsers post CRLF, and rows have LF."""
    clean = QueryDict(mutable=True)
    for name, values in posted.lists():
        clean.setlist(name, [value.replace("\r\n", "\n") for value in values])
    return clean
