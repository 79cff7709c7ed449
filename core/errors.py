"""The base class of refusals. Their messages are for developers; pages have their own words."""


class PortalError(Exception):
    """The portal refuses something on purpose."""
