"""The form of a finding: what it claims, how strongly, and by what it is counted."""

from typing import Any

from django import forms
from django.http import QueryDict

from core.row_keys import row_keys
from core.several_lines import SeveralLines
from review.admin.codebook_pages import codes_to_choose
from review.findings.claims import MOST_CHARACTERS, Claim
from review.findings.scale import scale_of
from review.models import Code, Finding
from submissions.calls.models import Call
from submissions.calls.states import QuestionKind

NO_CODE = "The codebook of this call has no code yet. Without a code no response counts."
LONGEST_TITLE = Finding._meta.get_field("title").max_length


class ClaimForm(forms.Form):
    title = forms.CharField(
        label="Claim",
        max_length=LONGEST_TITLE,
        error_messages={"required": "Enter what you claim"},
        help_text="One sentence, in your own words.",
    )
    text = SeveralLines(
        label="Text",
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60}),
        help_text="Leave out who answered. To quote respondents, choose passages.",
    )
    strength = forms.ChoiceField(label="Strength", required=False)
    codes = forms.MultipleChoiceField(
        label="Codes",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A response counts if a passage of it is under one of these.",
        error_messages={
            "invalid_choice": "Somebody retired a code that you ticked: it is not ticked any more."
        },
    )
    questions = forms.MultipleChoiceField(
        label="Count among those who answered",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick none to count all responses. If you tick some, only passages of those "
        "answers count.",
    )
    roles = forms.MultipleChoiceField(
        label="Count only these roles",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Tick none to count all roles.",
    )
    counts_once = forms.BooleanField(
        label="Count each campaign once, and duplicates not at all", required=False
    )

    def __init__(self, *args: Any, call: Call, claim: Claim | None = None, **options: Any) -> None:
        super().__init__(*args, **options | {"initial": _initial(claim)})
        if isinstance(self.data, QueryDict):
            self.data = _without_merged(self.data, call)
        scale = [(step.name, _said(step.name, step.smallest_share)) for step in scale_of(call)]
        questions = [(q.key, q.label) for q in call.questions_in_order if not q.identity]
        for name, choices in {
            "strength": [("", "No word yet"), *scale],
            "codes": _codes(call, claim),
            "questions": questions,
            "roles": [(role.key, role.label) for role in call.questionnaire.roles],
        }.items():
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = choices
        if not getattr(self.fields["codes"], "choices", ()):
            self.fields["codes"].help_text = NO_CODE
        if not any(q.kind == QuestionKind.ROLES for q in call.questions_in_order):
            del self.fields["roles"]

    def claim(self) -> Claim:
        """Return what was typed, once the form is valid."""
        given = self.cleaned_data
        return Claim(
            title=given["title"],
            text=given["text"],
            strength=given["strength"],
            codes=frozenset(int(key) for key in given["codes"]),
            questions=tuple(given["questions"]),
            roles=tuple(given.get("roles", ())),
            counts_once=given["counts_once"],
        )

    def say(self, name: str, claim: Claim) -> str:
        """Return in words what the claim has in the field of this name."""
        value = getattr(claim, name)
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, str):
            return f"“{value}”" if value else "nothing"
        choices: Any = getattr(self.fields.get(name), "choices", ())
        labels = dict(choices)
        return ", ".join(f"“{labels.get(str(key), key)}”" for key in sorted(value)) or "nothing"


def _initial(claim: Claim | None) -> dict[str, Any]:
    if claim is None:
        return {}
    return {
        "title": claim.title,
        "text": claim.text,
        "strength": claim.strength,
        "codes": [str(key) for key in claim.codes],
        "questions": list(claim.questions),
        "roles": list(claim.roles),
        "counts_once": claim.counts_once,
    }


def _without_merged(data: QueryDict, call: Call) -> QueryDict:
    """Return the data with the other code for each that was merged while the page was open."""
    merged = Code.objects.filter(call=call, pk__in=row_keys(data.getlist("codes")))
    rows = merged.exclude(merged_into=None).values_list("pk", "merged_into")
    into = {str(key): str(other) for key, other in rows}
    data = data.copy()
    data.setlist("codes", [into.get(key, key) for key in data.getlist("codes")])
    return data


def _said(name: str, share: int) -> str:
    if not share:
        return f"{name}: at least somebody"
    return f"{name}: {share}% or more" if share < 100 else f"{name}: {share}%"


def _codes(call: Call, claim: Claim | None) -> list[tuple[str, str]]:
    """Return the codes in use, and those of the claim that are retired since."""
    in_use = codes_to_choose(call)
    there = {key for key, _ in in_use}
    chosen = Code.objects.filter(call=call, pk__in=claim.codes if claim else ())
    retired = [(str(c.pk), f"{c.name} (retired)") for c in chosen if str(c.pk) not in there]
    return [*in_use, *retired]
