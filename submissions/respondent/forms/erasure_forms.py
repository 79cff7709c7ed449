"""The forms by which an author asks us to erase something."""

from django import forms
from django.utils.translation import gettext_lazy as _

from submissions.respondent.forms.return_forms import PlainForm, ReceiptForm
from submissions.responses.states import ErasureScope


class ErasureForm(PlainForm):
    scope = forms.ChoiceField(
        label=_("What do you want us to erase?"),
        choices=[
            (
                ErasureScope.IDENTITY.value,
                _("Who answered: the name, the organisation, email addresses and names of files"),
            ),
            (
                ErasureScope.RESPONSE.value,
                _("The whole response: answers, files and who answered"),
            ),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Select what you want us to erase")},
    )


class ReceiptErasureForm(ReceiptForm, ErasureForm):
    field_order = ("reference", "code", "scope")
