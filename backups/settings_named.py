"""The settings that somebody has to keep elsewhere: a backup names those that were set.

Never their values: the manifest says what to look for, and `.env` has it.
"""

SETTINGS = (
    "SECRET_KEY",
    "PORTAL_URL",
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "BROKER_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "ALLOWED_HOSTS",
    "PORTAL_LANGUAGE",
    "MAIL_PER_MINUTE",
    "CLAMD_URL",
    "MONITORING_TOKEN",
    "SENTRY_DSN",
    "STAFF_DIGEST_TO",
    "SECURITY_CONTACT",
    "OIDC_URL",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_NAME",
    "ANYMAIL_PROVIDER",
    "ANYMAIL_WEBHOOK_SECRET",
    "ANYMAIL_MAILERSEND_SIGNING_SECRET",
    "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
    "BACKUP_RECIPIENTS",
    "PORTAL_MEDIA",
)
