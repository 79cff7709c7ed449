"""Who may see who answered: names, and every address of a respondent."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from core.masking import mask_addresses

SEE_IDENTITY = "submissions.see_identity"


def may_see_identity(user: User | AnonymousUser) -> bool:
    return user.has_perm(SEE_IDENTITY)


def text_for(user: User | AnonymousUser, text: str) -> str:
    """Return the text as `user` may read it: without email addresses, or as it is."""
    return text if may_see_identity(user) else mask_addresses(text)
