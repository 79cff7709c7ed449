"""What forms say where Django would name the fault and not what to do."""

import pytest
from django.contrib import admin
from django.forms import BaseForm

from tests.makers import make_user

ABOUT_THE_FAULT = ("This field", "Select a valid", "Enter a valid", "Ensure", "No file", "Null")

# The portal shows these forms nowhere, or with its own words.
WITHOUT_PAGES = ("django.contrib.admin.helpers", "allauth.")


def forms_below(form):
    for one in form.__subclasses__():
        yield one
        yield from forms_below(one)


@pytest.mark.django_db
def test_every_field_of_every_form_says_what_to_do(rf):
    request = rf.get("/admin/")
    request.user = make_user(is_superuser=True, is_staff=True)
    pages = [one for one in admin.site._registry.values() if one.has_change_permission(request)]
    assert len(pages) > 3
    for one in pages:
        one.get_form(request)
    forms = [
        form
        for form in forms_below(BaseForm)
        if hasattr(form, "base_fields") and not form.__module__.startswith(WITHOUT_PAGES)
    ]
    assert len(forms) > 50
    assert [
        (form.__module__, name, str(said))
        for form in forms
        for name, field in form.base_fields.items()
        if not field.widget.is_hidden
        for said in field.error_messages.values()
        if any(words in str(said) for words in ABOUT_THE_FAULT)
    ] == []
