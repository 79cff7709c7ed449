"""What a form says of a field that is not filled in as it should be, without words of its own.

Django's words name the fault (“This field is required.”); these say what to do.
"""

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

GONE = _("What you chose is not in the list any more. Choose again.")
DATE = _("Enter a date as year, month and day, such as 2019-07-24.")
TIME = _("Enter a time such as 13:30.")
NO_FILE = _("Choose a file.")
WORDS: dict[type[forms.Field], dict[str, str | Promise]] = {
    forms.Field: {"required": _("Fill this in.")},
    forms.CharField: {
        "max_length": ngettext_lazy(
            "Shorten this to %(limit_value)d character: it has %(show_value)d.",
            "Shorten this to %(limit_value)d characters: it has %(show_value)d.",
            "limit_value",
        ),
        "null_characters_not_allowed": _(
            "This has a character that cannot be saved. Type it again instead of pasting it."
        ),
    },
    forms.EmailField: {"invalid": _("Enter an email address such as name@example.org.")},
    forms.IntegerField: {
        "min_value": _("Enter %(limit_value)s or more."),
        "max_value": _("Enter %(limit_value)s or less."),
    },
    forms.BooleanField: {"required": _("Tick this box.")},
    forms.ChoiceField: {"required": _("Choose one."), "invalid_choice": GONE},
    forms.MultipleChoiceField: {
        "required": _("Choose one or more."),
        "invalid_choice": GONE,
        "invalid_list": GONE,
    },
    forms.ModelChoiceField: {"required": _("Choose one."), "invalid_choice": GONE},
    forms.ModelMultipleChoiceField: {
        "required": _("Choose one or more."),
        "invalid_choice": GONE,
        "invalid_list": GONE,
        "invalid_pk_value": GONE,
    },
    forms.DateField: {"invalid": DATE},
    forms.TimeField: {"invalid": TIME},
    forms.DateTimeField: {
        "invalid": _("Enter a date and a time, such as 2019-07-24 13:30."),
    },
    forms.SplitDateTimeField: {"invalid_date": DATE, "invalid_time": TIME},
    forms.FileField: {
        "required": NO_FILE,
        "missing": NO_FILE,
        "invalid": NO_FILE,
        "empty": _("The file is empty. Choose another."),
    },
}


def say_what_to_do() -> None:
    """Give the fields of all forms these words in the place of Django's."""
    for field, words in WORDS.items():
        field.default_error_messages = field.__dict__.get("default_error_messages", {}) | words
