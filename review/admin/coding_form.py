"""The form that puts sentences, paragraphs or a whole answer under a code, without JavaScript."""

from django import forms

from review.admin.passage_form import PassageForm

NEW = "Add it to the codebook if it is not there yet"


class CodingForm(PassageForm):
    code = forms.CharField(
        label="Code",
        max_length=1_000,
        widget=forms.TextInput(
            attrs={"list": "codes", "autocomplete": "off", "autocapitalize": "sentences"}
        ),
        help_text="Type a part of its name and choose it. “Pay > Wages” is Wages below Pay.",
        error_messages={"required": "Enter or choose a code."},
    )
    is_new = forms.BooleanField(label=NEW, required=False)
