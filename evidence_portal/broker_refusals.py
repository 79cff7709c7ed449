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

REFUSES_SIGN_IN = (AuthenticationError, AuthenticationWrongNumberOfArgsError, AuthorizationError)


def in_words(error: BaseException) -> str:
    """Return for instance "does not answer"; nothing of what the error itself says, or of the URL.

    kombu and redis-py wrap what they met: the first error that tells more counts.
    """
    met: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in met:
        met.append(following)
        following = following.__cause__ or following.__context__
    return next(filter(None, map(_told_by, met)), "does not answer")


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
