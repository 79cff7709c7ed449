"""Catalogues of another language, made for a test and compiled as a translator would."""

from io import BytesIO, StringIO

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def write_catalogue(folder, language, po):
    """Compile the text of a .po file into `folder`, as settings.LOCALE_PATHS has one."""
    place = folder / language / "LC_MESSAGES"
    place.mkdir(parents=True)
    compiled = BytesIO()
    write_mo(compiled, read_po(StringIO(po), locale=language, abort_invalid=True))
    (place / "django.mo").write_bytes(compiled.getvalue())


def speak_one_language(settings):
    """Have the portal as it is without a catalogue, whatever `locale/` has here.

    With one, each page of a call asks first for the language of the call.
    """
    settings.LANGUAGES = [("en-gb", "British English")]
    settings.MIDDLEWARE = [
        name for name in settings.MIDDLEWARE if not name.endswith(".LanguageOfCallMiddleware")
    ]
