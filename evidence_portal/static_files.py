"""Whether the styles and scripts of this release are collected: without them every page fails."""

import sys
from shlex import quote

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage


def exit_unless_collected() -> None:
    """End the process with one line if `collectstatic` did not run for this release.

    A logo that is missing is left out of its page, so only styles and scripts count.
    """
    if not isinstance(staticfiles_storage, ManifestFilesMixin):
        return  # pages name the files as they are
    ignored = apps.get_app_config("staticfiles").ignore_patterns
    for finder in get_finders():
        for path, _storage in finder.list(ignored):
            if path.endswith((".css", ".js")) and path not in staticfiles_storage.hashed_files:
                sys.exit(
                    f"{settings.STATIC_ROOT} lacks {path} of this release. Run: PORTAL_STATIC="
                    f"{quote(str(settings.STATIC_ROOT))} python manage.py collectstatic --no-input"
                )
