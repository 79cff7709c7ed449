"""Words of letters, remembered: most are the same in every mail of a run.

Django asks each catalogue of a language in turn, and none knows a sentence in British English,
which is in the code. For the sentences and moments of a mail, that took a third of the time of
writing it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache, lru_cache

from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation.trans_real import DjangoTranslation, translation

from core import spoken_time

_spoken: ContextVar[DjangoTranslation | None] = ContextVar("_spoken", default=None)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Write in the language: `override` that looks its catalogue up once."""
    with override(language):
        token = _spoken.set(translation(language))
        try:
            yield
        finally:
            _spoken.reset(token)


def gettext(message: str) -> str:
    """Return the message in the active language."""
    return _found(_catalogue(), message)


def say_moment(moment: datetime, zone: str) -> str:
    """Return the moment as `spoken_time.say_moment` does."""
    return _said(_catalogue(), moment, zone)


@cache
def path_of(page: str, *args: str) -> str:
    """Return the path of a page, by its name and arguments in `urls`."""
    return reverse(page, args=args)


def _catalogue() -> DjangoTranslation:
    return _spoken.get() or translation(get_language() or "en-gb")


# By the catalogue, not by the name of its language: another one may be put in its place.
@lru_cache(maxsize=1000)
def _found(catalogue: DjangoTranslation, message: str) -> str:
    return catalogue.gettext(message)


@lru_cache(maxsize=1000)
def _said(_catalogue: DjangoTranslation, moment: datetime, zone: str) -> str:
    return spoken_time.say_moment(moment, zone)
