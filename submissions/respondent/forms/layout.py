"""The only file that imports django-crispy-forms: each question has its template."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django.forms import Form
from django.template import Context
from django.template.loader import render_to_string
from django.utils.safestring import SafeString


class QuestionBlock:
    """A question with its condition, hint, errors, word count and files."""

    def __init__(self, key: str) -> None:
        self.key = key

    def render(
        self, form: Any, context: Context, template_pack: str = "portal", **_options: Any
    ) -> SafeString:
        form.rendered_fields.add(self.key)
        return render_to_string(f"{template_pack}/question.html", form.presented(self.key))


class SectionHelper(FormHelper):
    """Draws questions only: the page has <form>, the CSRF token and the buttons."""

    # FormHelper's property would try to reverse an empty action at every drawing.
    form_action = ""
    form_tag = False
    disable_csrf = True
    include_media = False


def section_helper(form: Form) -> FormHelper:
    """Return the helper with which `{% crispy form %}` draws every question of `form`."""
    helper = SectionHelper()
    helper.layout = Layout(*[QuestionBlock(key) for key in form.fields])
    return helper
