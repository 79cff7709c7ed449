"""Passwords that many people use, without asking another computer.

Django brings 20,000 out of breaches. Few of them have 12 characters, so one that is only made
longer counts as one, too: `Liverpool2019!!`, `sunshinesunshine`.
"""

from django.contrib.auth.password_validation import (
    CommonPasswordValidator as DjangosCommonPasswordValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

READ_AS = str.maketrans("013457@$!", "oleastasi")


class CommonPasswordValidator(DjangosCommonPasswordValidator):
    def validate(self, password: str, user: object = None) -> None:
        if any(form in self.passwords for form in _forms(password.lower().strip())):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _("Many people use this password, or one that it is made of. Choose another")


def _forms(password: str) -> set[str]:
    """Return what the password may be made of: without what stands around it, once, spelt out."""
    core = password.strip("0123456789!?.,;:-_#*+/()[]{}\"'$%&@= ")
    forms = {password, core, password.translate(READ_AS), core.translate(READ_AS)}
    return {*forms, *map(_once, forms)} - {""}


def _once(form: str) -> str:
    """Return the shortest text that the form repeats; the form itself, if it repeats none.

    In the form written twice, the form is found again after the length of that text. Unlike a
    regular expression, this takes time in proportion to the length.
    """
    return form[: (form + form).find(form, 1)]
