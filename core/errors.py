"""The base of every refusal. Messages are for developers; pages choose their own words."""


class PortalError(Exception):
    """Base of every refusal that the domain makes on purpose."""
