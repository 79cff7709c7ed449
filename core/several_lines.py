"""Fields of forms for text of several lines."""

from typing import Any

from django import forms


class SeveralLines(forms.CharField):
    """A text whose line ends are LF, and count as one character each.

    Browsers post CRLF, and count one where they hold a `maxlength` (HTML, form control
    infrastructure, "API value").
    """

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")
