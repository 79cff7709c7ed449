"""The short forms around a response: an email address, and what a receipt has."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.addresses import AddressField
from core.references import read_reference, without_gaps
from submissions.calls.models import Call

SHORT_DIGEST, WHOLE_DIGEST = 16, 64  # hexadecimal digits


class PlainForm(forms.Form):
    """A form whose fields point to their hint and errors by `aria-describedby`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            said = [f"id_{name}_helptext"] if field.help_text else []
            if self.is_bound and name in self.errors:
                said.append(f"id_{name}_error")
                field.widget.attrs["aria-invalid"] = "true"
            if said:
                field.widget.attrs["aria-describedby"] = " ".join(said)

    @property
    def error_summary(self) -> list[tuple[str, str]]:
        """Each message with the id of the field that it is about."""
        return [
            (str(message), f"id_{name}")
            for name in self.fields
            for message in (self.errors.get(name, ()) if self.is_bound else ())
        ]


class AddressForm(PlainForm):
    email = AddressField(
        label=_("Email address"),
        max_length=254,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}
        ),
        error_messages={
            "required": _("Enter an email address"),
        },
    )


class ReferenceForm(PlainForm):
    """Takes a reference of the call; case, gaps and a missing prefix do not matter."""

    reference = forms.CharField(
        label=_("Reference"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the reference")},
    )

    def __init__(self, *args: Any, call: Call, **kwargs: Any) -> None:
        self._prefix = call.reference_prefix
        super().__init__(*args, **kwargs)
        example = f"{self._prefix}-4K7P-9WXM"
        self.fields["reference"].help_text = _("For example, %(reference)s.") % {
            "reference": example
        }

    def clean_reference(self) -> str:
        typed = without_gaps(self.cleaned_data["reference"])
        reference = read_reference(typed) or read_reference(self._prefix + typed)
        if reference is None:
            raise forms.ValidationError(_("This is not a reference. Check each character"))
        return reference


def written_code(typed: str) -> str:
    """Return a code of a receipt as it is written there: capitals, in groups of four."""
    code = without_gaps(typed).upper()
    return "-".join(re.findall(".{1,4}", code))


class ReceiptForm(ReferenceForm):
    """Takes the reference and the code of the author's own receipt."""

    code = forms.CharField(
        label=_("Receipt code"),
        max_length=60,
        help_text=_("It has 16 letters and digits, on the receipt that you downloaded or printed."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
        error_messages={"required": _("Enter the receipt code")},
    )

    def clean_code(self) -> str:
        return written_code(self.cleaned_data["code"])


class ReceiptAddressForm(ReceiptForm, AddressForm):
    """Takes the receipt's two, and an address for links."""

    field_order = ("reference", "code", "email")


class VerifyForm(ReferenceForm):
    """Takes a reference, a digest (“fingerprint” on pages) and a code, in any case, with gaps."""

    digest = forms.CharField(
        label=_("Fingerprint"),
        max_length=200,
        help_text=_("The short one, of 16 letters and digits, or the one in full, of 64."),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
        error_messages={"required": _("Enter the fingerprint")},
    )
    code = forms.CharField(
        label=_("Checking code"),
        required=False,
        max_length=60,
        help_text=_(
            "It has 8 letters and digits, beside the fingerprint. If your receipt has none, leave "
            "this empty."
        ),
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}
        ),
    )

    def clean_code(self) -> str:
        return written_code(self.cleaned_data["code"])

    def clean_digest(self) -> str:
        digits = re.sub("[:.]", "", without_gaps(self.cleaned_data["digest"])).lower()
        if not re.fullmatch("[0-9a-f]*", digits):
            raise forms.ValidationError(_("A fingerprint has only the digits 0 to 9 and a to f"))
        if len(digits) not in {SHORT_DIGEST, WHOLE_DIGEST}:
            raise forms.ValidationError(
                _("A fingerprint has 16 or 64 letters and digits. This one has %(count)s")
                % {"count": len(digits)}
            )
        return digits
