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
from django.utils.translation import get_language

from submissions.calls.models import Questionnaire
from submissions.calls.states import QuestionKind
from submissions.respondent.forms.condition_words import Applies
from submissions.respondent.forms.presenting import TEMPLATES, present


@lru_cache
def question_template(kind: str, pack: str) -> Template:
    return get_template(f"{pack}/questions/{TEMPLATES[kind]}.html")


def _draw(pack: str, presented: dict[str, Any]) -> SafeString:
    return mark_safe(question_template(presented["kind"], pack).render(presented))  # noqa: S308 a template's own output


@lru_cache(maxsize=2048)
def _draw_choice(
    pack: str,
    language: str,
    asked: Questionnaire,
    key: str,
    chosen: Any,
    said: Applies,
    waits: bool,
) -> SafeString:
    """Draw once what is the same for everybody who chose the same; nothing typed is kept here."""
    del language
    question = asked.questions_by_key[key]
    value = dict(chosen) if chosen and question.kind == QuestionKind.MATRIX else chosen
    return _draw(pack, present(question, value=value, applies=said, waits=waits))


class QuestionBlock:
    """A question with all that belongs to it: condition, hint, errors, count, files."""

    def __init__(self, key: str) -> None:
        self.key = key

    def render(
        self, form: Any, context: Context, template_pack: str = "portal", **_options: Any
    ) -> SafeString:
        form.rendered_fields.add(self.key)
        question = form.fields[self.key].question
        try:
            chosen = form.stored_choice(question)
        except LookupError:
            return _draw(template_pack, form.presented(self.key))
        return _draw_choice(
            template_pack,
            str(get_language()),
            form.call.questionnaire,
            self.key,
            chosen,
            form.applies(question),
            form.waits(question),
        )


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
