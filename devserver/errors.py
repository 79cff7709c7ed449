class CannotStart(Exception):
    """The portal or an engine cannot start; the message is one line that names the remedy."""


INVALID_SETTING_EXIT = 2


class InvalidSetting(CannotStart):
    """An environment variable holds what cannot be used; the message names it."""
