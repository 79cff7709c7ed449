"""The form of a code: its words and its line, and where it stands when it is added."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db.models import QuerySet

from accounts.states import AuditAction
from core.admin.edit_conflicts import ConflictCheckedForm
from core.row_keys import row_key
from review.admin.code_lines import colour_of
from review.admin.codebook_pages import codes_to_choose
from review.coding.codebook import MOST_LEVELS, lock_codebook, one_line, refuse_name
from review.coding.codebook_files.contents import LONGEST_WORDS
from review.coding.colours import is_visible
from review.coding.tree import tree
from review.errors import CodingRefused
from review.last_change import changed_last_by
from review.models import Code
from submissions.calls.models import Call

TEXTS = ("description", "use_when", "do_not_use_when", "example")
COLOUR = re.compile(r"#[0-9a-f]{6}")
GONE = (
    "This code cannot have codes below it any more: it was retired, merged or moved while this "
    "page was open. Choose another."
)


class CodeForm(ConflictCheckedForm):
    """`call` is the call of the code; None where somebody who adds one chooses it among `calls`.

    `refused` says why the same was not saved a moment ago, "" otherwise.
    """

    call: Call | None
    calls: QuerySet[Any]
    refused: str
    parent = forms.ChoiceField(
        label="Under",
        required=False,
        help_text="The code that it goes under, as the last one.",
    )
    colour = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text="The colour of the line under its passages. Choose a dark one.",
    )

    class Meta:
        model = Code
        fields = ("call", "parent", "name", *TEXTS, "colour", "pattern")
        widgets = {name: forms.Textarea(attrs={"rows": 4, "cols": 60}) for name in TEXTS}
        help_texts = {
            "name": "A name is used once in a call, whether in capitals or not. The steering group "
            "gets the codes of the passages that it gets, and those above them.",
            "pattern": "Tells the code where nobody can tell its colour.",
            "description": "What the code means, so that two people use it alike.",
            "example": "Words that belong here, not who said them. It ends with what it quotes.",
        }
        error_messages = {"name": {"required": "Enter the name of the code"}}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in TEXTS:
            # Not `maxlength`, with which a browser cuts what is pasted, and says nothing.
            self.fields[name].validators.append(MaxLengthValidator(LONGEST_WORDS))
        if self._changes:
            self.initial["colour"] = colour_of(self.instance)
        if self._changes or self.call is None:
            del self.fields["parent"]
        call, parent = self.fields.get("call"), self.fields.get("parent")
        if isinstance(call, forms.ModelChoiceField):
            call.queryset = self.calls
            call.empty_label = "Choose the call"
        if isinstance(parent, forms.ChoiceField) and self.call is not None:
            parent.choices = [("", "No code: it stands at the top"), *codes_to_choose(self.call)]
            parent.error_messages["invalid_choice"] = GONE

    def clean_name(self) -> str:
        """Refuse a name that is in use; nobody takes it until this transaction ends."""
        name = one_line(self.cleaned_data["name"])
        call = self.call or self.cleaned_data.get("call")
        if call is None:
            return name
        lock_codebook(call)
        try:
            refuse_name(call, name, but=self.instance if self._changes else None)
        except CodingRefused as refused:
            raise ValidationError(refused.message) from refused
        return name

    def clean_parent(self) -> Code | None:
        if self.call is None or (key := row_key(self.cleaned_data["parent"])) is None:
            return None
        lock_codebook(self.call)
        found = [one for one in tree(self.call) if one.code.pk == key and not one.code.is_retired]
        if not found:
            raise ValidationError(GONE)
        if found[0].level >= MOST_LEVELS:
            raise ValidationError(f"A codebook has {MOST_LEVELS} levels at most")
        return found[0].code

    def clean_colour(self) -> str:
        colour: str = self.cleaned_data["colour"].lower()
        if colour and not COLOUR.fullmatch(colour):
            raise ValidationError("Write a colour as # and six digits, such as #0b5a9c")
        if colour and "colour" in self.changed_data and not is_visible(colour):
            raise ValidationError(
                "This colour is too light to be seen on white: choose a darker one"
            )
        return colour

    def clean(self) -> dict[str, Any] | None:
        into = self.instance.merged_into
        if into is not None:
            raise ValidationError(
                f"While this page was open, “{self.instance.name}” was merged into “{into.name}”. "
                "Nothing was saved: change that code."
            )
        if self.refused:
            raise ValidationError(self.refused)
        return super().clean()

    def changed_by(self, name: str) -> str:
        return changed_last_by(
            self.instance.call,
            AuditAction.CODE_CHANGED,
            detail__code=self.instance.pk,
            detail__changed__contains=[name],
        )

    @property
    def _changes(self) -> bool:
        return self.instance.pk is not None
