"""The only file that knows django-crispy-forms: a section's questions, one template each."""

from functools import lru_cache
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django.forms import Form
from django.template import Context
from django.template.backends.django import Template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe

from submissions.forms.presenting import TEMPLATES


@lru_cache
def question_template(kind: str, pack: str) -> Template:
    return get_template(f"{pack}/questions/{TEMPLATES[kind]}.html")


class QuestionBlock:
    """A question with all that belongs to it: condition, hint, errors, count, files."""

    def __init__(self, key: str) -> None:
        self.key = key

    def render(
        self, form: Any, context: Context, template_pack: str = "portal", **_options: Any
    ) -> SafeString:
        form.rendered_fields.add(self.key)
        presented = form.presented(self.key)
        return mark_safe(question_template(presented["kind"], template_pack).render(presented))  # noqa: S308 a template's own output


class SectionHelper(FormHelper):
    """Draws questions only: the page brings <form>, the CSRF token and the buttons."""

    # crispy's own looks the action up among the addresses, at every drawing.
    form_action = ""
    form_tag = False
    disable_csrf = True
    include_media = False


def section_helper(form: Form) -> FormHelper:
    """Return the helper with which `{% crispy form %}` draws every question of `form`."""
    helper = SectionHelper()
    helper.layout = Layout(*[QuestionBlock(key) for key in form.fields])
    return helper
