"""Who may see who answered: names, and every address of a respondent."""

from django.db.models import Model

from accounts.rights import Person, may
from accounts.states import Action
from core.masking import mask_addresses


def may_see_identity(person: Person, call: Model | int | None) -> bool:
    return may(person, Action.SEE_IDENTITY, call)


def text_for(person: Person, text: str, call: Model | int | None) -> str:
    """Return a text of the call as `person` may read it: without email addresses, or as it is."""
    return text if may_see_identity(person, call) else mask_addresses(text)
