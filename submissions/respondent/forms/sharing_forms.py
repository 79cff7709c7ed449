"""The forms of a response that several people work on."""

import unicodedata

from django import forms
from django.utils.translation import gettext_lazy as _

from core.addresses import AddressField
from submissions.respondent.forms.return_forms import PlainForm

JOINERS = "\u200c\u200d"


class InvitationForm(PlainForm):
    """Takes the address of a colleague, and says what it is for."""

    email = AddressField(
        label=_("Email address of your colleague"),
        max_length=254,
        help_text=_(
            "We use it to send them their link, and to show you who is in your response. We delete "
            "it when you submit, when you take the invitation back, or with your draft."
        ),
        widget=forms.EmailInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
        error_messages={"required": _("Enter an email address")},
    )


class NameForm(PlainForm):
    """Takes the name under which somebody joins a response."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=40,
        help_text=_(
            "The others in this response see it beside what you change. Initials will do. We "
            "delete it when the response is submitted, or when you leave it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": _("Enter your name")},
    )

    def clean_name(self) -> str:
        typed = " ".join(unicodedata.normalize("NFC", self.cleaned_data["name"]).split())
        name = "".join(c for c in typed if c in JOINERS or unicodedata.category(c)[0] != "C")
        name = name.strip()
        if not name.strip(JOINERS):
            raise forms.ValidationError(_("Enter your name"))
        return name
