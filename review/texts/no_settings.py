"""Django's settings for the process that reads files: none of the portal's."""

USE_I18N = False
