"""The environment of a portal of which a bench measures the code, without web server or worker."""

import os


def environment_of(database: str, *, log_level: str = "ERROR") -> dict[str, str]:
    """Return it for the portal on `database`; neither a broker nor a mail server answers."""
    return os.environ | {
        "PORTAL_ENV": "local",
        "SECRET_KEY": "of-the-benchmark-only",
        "PORTAL_URL": "http://127.0.0.1:8000",
        "DATABASE_URL": database,
        "BROKER_URL": "redis://127.0.0.1:9/0",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "REHEARSE_FROM": "off",
        "LOG_LEVEL": log_level,
        "DJANGO_SETTINGS_MODULE": "evidence_portal.settings",
    }
