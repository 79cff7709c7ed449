"""What each column of an upload is, and what holds for every row."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.time_limits import moments_of
from submissions.admin.entry_form import CHANNELS, checked_day
from submissions.calls.models import Call, Question
from submissions.calls.states import PublicationPolicy, QuestionKind
from submissions.responses.importing.choices import Choices, fixed_targets, targets
from submissions.responses.importing.folders import Folder
from submissions.responses.importing.tables import Table
from submissions.responses.importing.uploads import Content
from submissions.responses.states import Acknowledgement

COLUMN = "column_"
NO_OPTION = "-"
LEFT_OUT = "Leave it out"
SHOWN = 60  # characters of the first cell


class _SelectOfMany(forms.Select):
    """One of many selects with the same options, which Django takes seconds to write for each.

    `written` is a select with all of them, as Django writes it, and nothing chosen.
    """

    def __init__(self, written: str) -> None:
        super().__init__()
        self.written = written

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: BaseRenderer | None = None
    ) -> SafeString:
        all_of_them = self.written.partition(">")[2]
        chosen = format_html('value="{}"', value or "")
        options = all_of_them.replace(f"{chosen}>", f"{chosen} selected>", 1)
        given = flatatt(self.build_attrs(self.attrs | {"name": name}, attrs))
        return format_html("<select{}>{}", given, SafeString(options))


class ImportForm(forms.Form):
    channel = forms.ChoiceField(label="How they came", choices=CHANNELS)
    day = forms.DateField(
        label="Day on which they came",
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    time = forms.TimeField(
        label="Time at which they came",
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )
    acknowledgement = forms.ChoiceField(
        label="Tell each author the reference", choices=Acknowledgement.choices
    )
    submits = forms.BooleanField(
        label="Submit each that is complete; the others stay half entered",
        required=False,
        help_text="If you do not tick this, all stay half entered, and you look at each one.",
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        call: Call,
        content: Content,
        choices: Choices,
    ) -> None:
        self.call, self.content = call, content
        shown: dict[str, Any] = choices.as_stored()
        shown |= {f"{COLUMN}{n}": target for n, target in enumerate(choices.columns)}
        super().__init__(data, initial=shown)
        if isinstance(content, Table):
            self.fields["day"].help_text = "For rows that give no day."
            self.fields["time"].help_text = "For rows that give no time. The deadline goes by it."
            self._add_columns(content)
        else:
            self.fields["day"].required = True
            self.fields["time"].help_text = "The deadline goes by it."
            self._add_questions()
        if call.publication == PublicationPolicy.ASKED:
            self._add_consent()

    def _add_columns(self, table: Table) -> None:
        groups = targets(self.call)
        choices = [("", LEFT_OUT), *groups]
        options = forms.Select(choices=choices).render(COLUMN, NO_OPTION)
        labels = {key: label for _title, group in groups for key, label in group}
        for n, fixed in enumerate(fixed_targets(self.call, table.heading)):
            first = next((row.cells[n] for row in table.rows if n < len(row.cells)), "").strip()
            cut = first if len(first) <= SHOWN else f"{first[:SHOWN]}…"
            self.fields[f"{COLUMN}{n}"] = forms.ChoiceField(
                label=table.column(n),
                choices=[("", LEFT_OUT), (fixed, labels[fixed])] if fixed else choices,
                required=False,
                widget=forms.Select() if fixed else _SelectOfMany(options),
                help_text=f"First: {cut}" if cut else "The first is empty.",
            )

    def _add_questions(self) -> None:
        questions = self.call.questionnaire.questions
        files = [q for q in questions if q.kind == QuestionKind.FILE]
        texts = [q for q in questions if q.kind == QuestionKind.LONG]
        self.fields["file_question"] = forms.ChoiceField(
            label="Where each file goes",
            required=False,
            choices=[("", "Beside the response, as its original"), *_choices(files)],
            help_text="An original says who answered. It is not part of the evidence.",
        )
        self.fields["text_question"] = forms.ChoiceField(
            label="Text files (.txt) are the answer to",
            required=False,
            choices=[("", "No question: they are files like the others"), *_choices(texts)],
            help_text="A text beside a file of the same name belongs to the same response.",
        )

    def _add_consent(self) -> None:
        question = self.call.questions_by_key.get("publication")
        options = question.options if question else []
        self.fields["consent"] = forms.ChoiceField(
            label="What their authors allow to be published",
            required=False,
            choices=[
                ("", "Not known: confidential"),
                *[(option["key"], option["label"]) for option in options],
            ],
            help_text="For rows that do not say it.",
        )

    def clean_day(self) -> date | None:
        day: date | None = self.cleaned_data["day"]
        return checked_day(day) if day else None

    def clean(self) -> dict[str, Any]:
        super().clean()
        day, time = self.cleaned_data.get("day"), self.cleaned_data.get("time")
        zone = ZoneInfo(self.call.timezone)
        if day and time and len(moments_of(datetime.combine(day, time), zone)) != 1:
            self.add_error("time", "The clocks change then: choose another time.")
        chosen = [self.cleaned_data.get(name, "") for name in self.column_names]
        for name, target in zip(self.column_names, chosen, strict=True):
            if target and chosen.count(target) > 1:
                self.add_error(name, "Two columns cannot be the same. Leave one out.")
        return self.cleaned_data

    @property
    def column_names(self) -> list[str]:
        return [name for name in self.fields if name.startswith(COLUMN)]

    @property
    def about_all(self) -> Sequence[forms.BoundField]:
        return [self[name] for name in self.fields if not name.startswith(COLUMN)]

    @property
    def columns(self) -> Sequence[forms.BoundField]:
        return [self[name] for name in self.column_names]

    @property
    def choices(self) -> Choices:
        """What was chosen, once the form is valid."""
        cleaned = self.cleaned_data
        return Choices(
            channel=cleaned["channel"],
            day=cleaned["day"].isoformat() if cleaned["day"] else "",
            time=cleaned["time"].strftime("%H:%M"),
            consent=cleaned.get("consent", ""),
            acknowledgement=cleaned["acknowledgement"],
            submits=cleaned["submits"],
            columns=tuple(cleaned.get(name, "") for name in self.column_names),
            file_question=cleaned.get("file_question", ""),
            text_question=cleaned.get("text_question", ""),
        )

    @property
    def is_folder(self) -> bool:
        return isinstance(self.content, Folder)


def _choices(questions: Sequence[Question]) -> list[tuple[str, str]]:
    return [(question.key, question.label) for question in questions]
