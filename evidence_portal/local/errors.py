class CannotStart(Exception):
    """The portal or an engine cannot start; the message is one line that names the remedy."""


class InvalidSetting(CannotStart):
    """An environment variable holds what cannot be used; the message names it."""
