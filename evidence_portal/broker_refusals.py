"""Why the broker does not serve, in words; without Django, for health checks that run often."""

from ssl import SSLCertVerificationError

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    ResponseError,
)

from core.error_chain import led_to

REFUSES_SIGN_IN = (AuthenticationError, AuthenticationWrongNumberOfArgsError, AuthorizationError)


def in_words(error: BaseException) -> str:
    """Return for instance "does not answer"; nothing of what the error itself says, or of the URL.

    kombu and redis-py wrap what they met: the first error that tells more counts.
    """
    return next(filter(None, map(_told_by, led_to(error))), "does not answer")


def _told_by(error: BaseException) -> str:
    if isinstance(error, REFUSES_SIGN_IN):
        return "refuses the user or the password (BROKER_URL)"
    if isinstance(error, NoPermissionError):
        return "does not let its user do what the portal needs (BROKER_URL)"
    if isinstance(error, BusyLoadingError):
        return "is starting"
    if isinstance(error, ResponseError):
        return f"refuses what the portal asks ({type(error).__name__})"
    if isinstance(error, SSLCertVerificationError):
        return f"has no valid certificate ({error.verify_message.rstrip('.')})"
    return ""
