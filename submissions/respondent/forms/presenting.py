"""The context of a question's template: plain values.

Ids: the answer is `id_<key>`; the first of several radios or boxes has that id too, so that a
link to it lands; further ones are `id_<key>-2`, a matrix's rows `id_<key>-<row>`. Keys have no
hyphen, so no two ids are alike.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.forms.utils import flatatt
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.spoken_lists import in_a_row
from core.spoken_numbers import say_number
from submissions.calls.models import Question
from submissions.calls.states import MULTIPLE_KINDS, TEXT_KINDS, QuestionKind
from submissions.respondent.forms.condition_words import Applies
from submissions.respondent.forms.fields import row_names
from submissions.responses.answering import warning_of, with_replacements
from submissions.responses.file_types.detecting import MEDIA_TYPES, endings_of
from submissions.responses.models import Attachment

FileUrl = Callable[[Attachment], str]

TEMPLATES: dict[str, str] = {
    QuestionKind.RADIO: "choices",
    QuestionKind.CHECKBOXES: "choices",
    QuestionKind.ROLES: "choices",
    QuestionKind.SHORT: "short",
    QuestionKind.EMAIL: "short",
    QuestionKind.LONG: "long",
    QuestionKind.MATRIX: "matrix",
    QuestionKind.FILE: "files",
    QuestionKind.CHECKBOX: "checkbox",
}
# What names the answer's control: a label, unless it is one of these.
NAMED_BY: dict[str, str] = {
    QuestionKind.RADIO: "legend",
    QuestionKind.CHECKBOXES: "legend",
    QuestionKind.ROLES: "legend",
    QuestionKind.MATRIX: "legend",
    QuestionKind.CHECKBOX: "choice",
}
# WCAG 2.2, 1.3.5: the tokens of HTML's autocomplete attribute for what a person knows by heart.
AUTOCOMPLETE = {
    "name": "name",
    "full_name": "name",
    "email": "email",
    "org_name": "organization",
    "organisation": "organization",
    "phone": "tel",
}
SHORT = 24  # characters of an option's label: two such stand side by side on a phone
FOLDED = 8  # options, with those of all rows, from which an optional question starts folded


def answer_id(question: Question, row: str = "") -> str:
    """Return the id on which a link to the question, or to a row of it, lands."""
    return f"id_{question.key}-{row}" if row else f"id_{question.key}"


def first_id(question: Question) -> str:
    """Return the id of the question's first focusable element."""
    if question.kind == QuestionKind.MATRIX and question.rows:
        return answer_id(question, question.rows[0]["key"])
    return answer_id(question)


def present(
    question: Question,
    *,
    value: Any,
    applies: Applies,
    waits: bool = False,
    is_further_address: bool = False,
    errors: Sequence[str] = (),
    row_errors: Mapping[str, Sequence[str]] | None = None,
    attachments: Sequence[Attachment] = (),
    file_url: FileUrl | None = None,
) -> dict[str, Any]:
    """Return the context of the question's template; `value` is as posted or as stored.

    `waits` says that the script will hide the question; the page hides it at once then.
    `is_further_address`: it is not the first question for an email address, and may be taken for
    one of somebody else's, but links go there, too.
    """
    key = question.key
    showable = shown_text(value) if question.kind in TEXT_KINDS else value
    warning = warning_of(question, showable) if question.kind in TEXT_KINDS else ""
    limit = _limit_words(question)
    parts = {
        f"hint_{key}": question.hint
        or question.kind in {QuestionKind.FILE, *MULTIPLE_KINDS}
        or is_further_address,
        f"condition_{key}": applies.sentence,
        f"warning_{key}": warning,
        f"error_{key}": errors,
        f"count_{key}": limit,
    }
    context = {
        "template": f"portal/questions/{TEMPLATES[question.kind]}.html",
        "named_by": NAMED_BY.get(question.kind, "label"),
        "key": key,
        "kind": question.kind,
        "id": answer_id(question),
        "label": question.label,
        "hint": question.hint,
        "applies": applies,
        "waits": waits,
        "errors": errors,
        "has_errors": bool(errors or row_errors),
        "warning": warning,
        "described_by": " ".join(part for part, present in parts.items() if present),
        "value": showable,
    }
    kind = question.kind
    if question.options:
        context["short"] = _are_short(question)
        context["folded"] = applies.optional and _options_shown(question) >= FOLDED
        answered = any(value.values()) if isinstance(value, Mapping) else bool(value)
        context["open"] = bool(answered or errors or row_errors)
    if kind == QuestionKind.RADIO:
        context["choices"] = _choices(question, {value}, key, answer_id(question))
    elif kind in MULTIPLE_KINDS:
        chosen = set(value) if isinstance(value, list | tuple) else set()
        context["choices"] = _choices(question, chosen, key, answer_id(question), several=True)
        # Most hints say so themselves, in these words of the GOV.UK style.
        if _("all that apply") not in question.hint.lower():
            context["rules"] = _("Tick all that apply.")
    elif kind == QuestionKind.MATRIX:
        context["rows"] = _rows(question, value, row_errors or {})
    elif kind == QuestionKind.FILE:
        context |= _files(question, attachments, file_url)
    elif kind == QuestionKind.LONG:
        context |= {"limit": limit, "max_words": question.max_words}
    elif kind in TEXT_KINDS:
        context["autocomplete"] = "email" if kind == QuestionKind.EMAIL else AUTOCOMPLETE.get(key)
        if is_further_address:
            context["rules"] = _(
                "Whoever reads emails at this address can ask us for a link that opens "
                "your response."
            )
    return context


def shown_text(value: Any) -> str:
    """Return the text with U+FFFD for what a page cannot show: NUL and lone surrogates."""
    return with_replacements(value) if isinstance(value, str) else ""


def _limit_words(question: Question) -> str:
    limit = question.max_words
    if question.kind != QuestionKind.LONG or not limit:
        return ""
    return ngettext(
        "You can write up to %(limit)s word.", "You can write up to %(limit)s words.", limit
    ) % {"limit": say_number(limit)}


def _choices(
    question: Question, chosen: set[Any], name: str, first: str, *, several: bool = False
) -> list[dict[str, Any]]:
    """Return the options; `attributes` are those of the control, as HTML.

    One value of the template in place of ten: a page may have fifty options.
    """
    choices = []
    for number, option in enumerate(question.options, start=1):
        id_ = first if number == 1 else f"{first}-{number}"
        exclusive, hint = bool(option.get("exclusive")), option.get("hint", "")
        attributes = {
            "type": "checkbox" if several else "radio",
            "id": id_,
            "name": name,
            "value": option["key"],
            "aria-describedby": f"{id_}-hint" if hint else None,
            "checked": option["key"] in chosen,
            "data-exclusive": exclusive,
        }
        choices.append(
            {
                "attributes": flatatt(attributes),
                "id": id_,
                "label": option["label"],
                "hint": hint,
                "after_or": exclusive and number > 1,
            }
        )
    return choices


def _are_short(question: Question) -> bool:
    """Return whether the options can stand in two columns: nearly all are short, without a hint."""
    long = sum(
        len(option["label"]) > SHORT or bool(option.get("hint")) for option in question.options
    )
    return long * 8 <= len(question.options)


def _options_shown(question: Question) -> int:
    return len(question.options) * max(1, len(question.rows))


def _rows(
    question: Question, value: Any, row_errors: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    chosen = value if isinstance(value, Mapping) else {}
    names = row_names(question)
    return [
        {
            "key": row["key"],
            "name": names[row["key"]],
            "label": row["label"],
            "errors": row_errors.get(row["key"], ()),
            "choices": _choices(
                question,
                {chosen.get(row["key"])},
                names[row["key"]],
                answer_id(question, row["key"]),
            ),
        }
        for row in question.rows
    ]


def _files(
    question: Question, attachments: Sequence[Attachment], file_url: FileUrl | None
) -> dict[str, Any]:
    left = max(0, question.max_files - len(attachments)) if question.max_files else None
    return {
        "accept": ",".join(
            f"{ending},{MEDIA_TYPES[kind]}" if kind in MEDIA_TYPES else ending
            for kind in question.file_types
            for ending in endings_of(kind)
        ),
        "rules": _say_file_rules(question),
        "max_mb": question.max_mb,
        "most_bytes": question.max_mb and question.max_mb * 1024 * 1024,
        "full": left == 0,
        "left": left,
        "attachments": [
            {
                "id": str(attachment.public_id),
                "name": attachment.name,
                "size": filesizeformat(attachment.size),
                "url": file_url(attachment) if file_url and not attachment.is_infected else "",
                "is_infected": attachment.is_infected,
            }
            for attachment in attachments
        ],
    }


def _say_file_rules(question: Question) -> str:
    sentences = []
    if question.max_files:
        sentences.append(
            ngettext(
                "You can add %(limit)s file.",
                "You can add up to %(limit)s files.",
                question.max_files,
            )
            % {"limit": question.max_files}
        )
    if question.file_types:
        kinds = [kind.upper() for kind in question.file_types]
        listed = (
            _("%(first)s or %(last)s") % {"first": in_a_row(kinds[:-1]), "last": kinds[-1]}
            if len(kinds) > 1
            else kinds[0]
        )
        sentences.append(_("Each must be a %(kinds)s file.") % {"kinds": listed})
    if question.max_mb:
        sentences.append(_("Each can be up to %(limit)s MB.") % {"limit": question.max_mb})
    return " ".join(sentences)
