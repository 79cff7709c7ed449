"""Environments of the portal, and what it says to those that it refuses."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEY = "k3-Vv9_sTq0ZpXh7LmWc2RbNdYfGjAeUoIx5B8CrSt6Qw1MzKa4"
PRODUCTION = {
    "SECRET_KEY": KEY,
    "PORTAL_URL": "https://evidence.example.org",
    "DATABASE_URL": "postgresql://evidence:p%40ss@db.example.org:5433/evidence",
    "BROKER_URL": "redis://cache.example.org:6379/0",
    "EMAIL_URL": "smtp+tls://sender:p%2Fss@mail.example.org",
}
LOCAL = {"PORTAL_ENV": "local", "SECRET_KEY": "short", "PORTAL_URL": "http://127.0.0.1:8000"}
MAKE_A_KEY = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
DATABASE_REMEDY = (
    "DATABASE_URL must look like postgresql://user:password@host:5432/name. "
    "PostgreSQL is the only database that the portal runs on."
)
EMAIL_REMEDY = (
    "EMAIL_URL must look like smtp+tls://user:password@host:587 (STARTTLS), "
    "smtps://user:password@host:465, smtp://host:25 or file:///folder."
)
BROKER_REMEDY = (
    "BROKER_URL must look like "
    "redis://:password@host:6379/0, rediss://host:6379/0 or redis+socket:///path."
)
BUCKET = {"PORTAL_FILES_S3_BUCKET": "evidence", "PORTAL_FILES_S3_REGION": "eu-west-2"}
ENDPOINT_REMEDY = (
    "PORTAL_FILES_S3_ENDPOINT must look like https://s3.example.org, the address of a server that "
    "speaks S3."
)
REPORTS_REMEDY = (
    "ANYMAIL_WEBHOOK_SECRET must be a name and a secret, such as hook:..., which the provider "
    "signs in with; the secret has 20 characters or more. "
    "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(30))'"
)

# What is changed in PRODUCTION, and what the portal says to that.
REFUSED = [
    ({"SECRET_KEY": None}, f"SECRET_KEY is not set. {MAKE_A_KEY}"),
    ({"SECRET_KEY": "  "}, f"SECRET_KEY is not set. {MAKE_A_KEY}"),
    ({"SECRET_KEY": KEY[:49]}, f"SECRET_KEY is too short or too simple. {MAKE_A_KEY}"),
    ({"SECRET_KEY": "abcd" * 20}, f"SECRET_KEY is too short or too simple. {MAKE_A_KEY}"),
    (
        {"PORTAL_ENV": "staging"},
        "PORTAL_ENV is 'staging': write production, local or test.",
    ),
    (
        {"PORTAL_URL": None},
        "PORTAL_URL is not set. Write the public address, such as https://evidence.example.org",
    ),
    (
        {"PORTAL_URL": "http://evidence.example.org"},
        "PORTAL_URL must begin with https:// in production.",
    ),
    (
        {"PORTAL_URL": "https://evidence example.org"},
        "PORTAL_URL is 'https://evidence example.org': write scheme and host only, "
        "such as https://evidence.example.org",
    ),
    (
        {"PORTAL_URL": "https://evidence.example.org/portal"},
        "PORTAL_URL is 'https://evidence.example.org/portal': write scheme and host only, "
        "such as https://evidence.example.org",
    ),
    (
        {"PORTAL_URL": "evidence.example.org"},
        "PORTAL_URL must look like https://evidence.example.org: "
        "scheme and host, and a port if there is one.",
    ),
    (
        {"PORTAL_URL": "https://evidence.example.org:port"},
        "PORTAL_URL must look like https://evidence.example.org: "
        "scheme and host, and a port if there is one.",
    ),
    (
        {"PORTAL_URL": "https://user:secret@evidence.example.org"},
        "PORTAL_URL must look like https://evidence.example.org: "
        "scheme and host, and a port if there is one.",
    ),
    (
        {"PORTAL_URL": "https://Straße.example:8443"},
        "PORTAL_URL is 'https://Straße.example:8443': write its host as browsers send it, "
        "https://xn--strae-oqa.example:8443",
    ),
    (
        {"PORTAL_URL": "https://a☃.example"},
        "PORTAL_URL is 'https://a☃.example': write its host as browsers send it, https://xn--...",
    ),
    *(
        (
            {"ALLOWED_HOSTS": f"localhost {host}"},
            f"ALLOWED_HOSTS has {host!r}: write hosts alone, such as evidence.example.org, "
            "without scheme, port or path.",
        )
        for host in ("https://evidence.example.org", "evidence.example.org:8000")
    ),
    (
        {"ALLOWED_HOSTS": "evidence.example.org *"},
        "ALLOWED_HOSTS may not hold * in production: name the hosts.",
    ),
    (
        {"REHEARSE_FROM": "2019-07-23T10:00+01:00"},
        "REHEARSE_FROM is set: a rehearsal clock cannot run in production. Unset it.",
    ),
    (
        {"PORTAL_DEMO_PASSWORD": "open-sesame"},
        "PORTAL_DEMO_PASSWORD is set: rehearsal sign-ins cannot exist in production. Unset it.",
    ),
    (
        {"DATABASE_URL": None},
        "DATABASE_URL is not set. "
        "Start script/server, or write postgresql://user:password@host:5432/name",
    ),
    ({"DATABASE_URL": "sqlite:///portal.db"}, DATABASE_REMEDY),
    ({"DATABASE_URL": "postgresql://user:secret@db.example.org"}, DATABASE_REMEDY),
    ({"DATABASE_URL": "postgresql://user:secret@db:port/evidence"}, DATABASE_REMEDY),
    ({"DATABASE_URL": "postgresql://[user/evidence"}, DATABASE_REMEDY),
    *(
        (
            {"DATABASE_URL": f"postgresql://user:secret@db/{rest}"},
            "DATABASE_URL has an option after its ? that PostgreSQL's clients do not have, or "
            f"a value that is none of it. {DATABASE_REMEDY.replace('DATABASE_URL', 'It')}",
        )
        for rest in ("a?ssl=on", "a?connect_timeout=soon", "a?port=x", "a%00b")
    ),
    (
        {"MIGRATION_DATABASE_URL": "postgresql://user:secret@db.example.org"},
        f"MIGRATION_{DATABASE_REMEDY}",
    ),
    (
        {"MIGRATION_DATABASE_URL": "postgresql://owner:secret@db.example.org/other"},
        "MIGRATION_DATABASE_URL and DATABASE_URL must name the same database, "
        "with two users: its owner, and the role that serves.",
    ),
    (
        {"BROKER_URL": None},
        "BROKER_URL is not set. Start script/server, or write redis://host:6379/0",
    ),
    ({"BROKER_URL": "amqp://guest:secret@mq"}, BROKER_REMEDY),
    ({"BROKER_URL": "memory://"}, BROKER_REMEDY),
    ({"BROKER_URL": "redis://:secret@mq:6379/portal"}, BROKER_REMEDY),
    ({"BROKER_URL": "redis://"}, BROKER_REMEDY),
    ({"BROKER_URL": "redis+socket://"}, BROKER_REMEDY),
    ({"EMAIL_URL": None}, "EMAIL_URL is not set. Write smtp+tls://user:password@host:587"),
    ({"EMAIL_URL": "mail.example.org"}, EMAIL_REMEDY),
    ({"EMAIL_URL": "smtp://"}, EMAIL_REMEDY),
    ({"EMAIL_URL": "smtp://mail.example.org:smtp"}, EMAIL_REMEDY),
    ({"EMAIL_URL": "file://mail"}, EMAIL_REMEDY),
    (
        {"MAIL_PER_MINUTE": "-1"},
        "MAIL_PER_MINUTE is '-1': write a whole number, such as 0.",
    ),
    (
        {"MAIL_PER_MINUTE": "9" * 5_000},
        "MAIL_PER_MINUTE must be a number from 0 to 1000000000: write for instance 0.",
    ),
    (
        {"BACKUP_STALE_HOURS": "9000000"},
        "BACKUP_STALE_HOURS must be a number from 0 to 8784: write for instance 36.",
    ),
    (
        {"MAIL_STALE_MINUTES": "9000000000"},
        "MAIL_STALE_MINUTES must be a number from 0 to 527040: write for instance 15.",
    ),
    *(
        (
            {"SENTRY_DSN": dsn},
            "SENTRY_DSN must look like https://key@sentry.example.org/1, as the tracker shows it.",
        )
        for dsn in ("nonsense", "https://sentry.example.org/1", "https://key@sentry:x/1")
    ),
    (
        {"OIDC_URL": "https://", "OIDC_CLIENT_ID": "id", "OIDC_CLIENT_SECRET": "hunter2"},
        "OIDC_URL must look like https://login.example.org/realms/ours, the issuer of your "
        "provider.",
    ),
    (
        {"MAIL_STALE_MINUTES": "soon"},
        "MAIL_STALE_MINUTES is 'soon': write a whole number, such as 15.",
    ),
    (
        {"ANYMAIL_PROVIDER": "pigeon"},
        "ANYMAIL_PROVIDER is 'pigeon': write brevo, mailersend, mailgun, mailjet, postmark, "
        "sendgrid, sparkpost, or nothing.",
    ),
    ({"ANYMAIL_PROVIDER": "brevo"}, REPORTS_REMEDY),
    (
        {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": "x" * 40},
        REPORTS_REMEDY,
    ),
    (
        {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": f"hook:{'x' * 19}"},
        REPORTS_REMEDY,
    ),
    (
        {"ANYMAIL_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": f":{'x' * 20}"},
        REPORTS_REMEDY,
    ),
    (
        {"ANYMAIL_PROVIDER": "mailgun", "ANYMAIL_WEBHOOK_SECRET": f"hook:{'x' * 20}"},
        "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY is not set: mailgun signs its events with it.",
    ),
    *(
        (
            {name: "hunter2"},
            f"{name} is set, and ANYMAIL_PROVIDER is not: write brevo, mailersend, mailgun, "
            f"mailjet, postmark, sendgrid, sparkpost, or unset {name}.",
        )
        for name in (
            "ANYMAIL_WEBHOOK_SECRET",
            "ANYMAIL_MAILERSEND_SIGNING_SECRET",
            "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
        )
    ),
    *(
        (
            {name: "hunter2"},
            f"{name} is set, and OIDC_URL is not: write the issuer of your provider, or unset "
            "OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and OIDC_NAME.",
        )
        for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_NAME")
    ),
    (
        {"DEFAULT_FROM_EMAIL": "ACEVO, NCVO <team@example.org>"},
        "DEFAULT_FROM_EMAIL must be one email address, such as evidence@example.org or "
        '"The team" <evidence@example.org>. A name with a comma in it needs the quotes',
    ),
    (
        {"STAFF_DIGEST_TO": "team@example.org, nobody"},
        "STAFF_DIGEST_TO must list email addresses with commas between, "
        "such as team@example.org,lead@example.org",
    ),
    (
        {"PORTAL_LANGUAGE": "cy"},
        "PORTAL_LANGUAGE is 'cy', and this portal speaks en-gb: "
        "put a compiled catalogue into locale/ (docs/guides/translating.md).",
    ),
    (
        {"LOG_LEVEL": "loud"},
        "LOG_LEVEL is 'LOUD': write DEBUG, INFO, WARNING, ERROR or CRITICAL.",
    ),
    ({"PORTAL_FILES": "cloud"}, "PORTAL_FILES is 'cloud': write disk or s3."),
    (
        {"PORTAL_FILES": "s3"},
        "PORTAL_FILES is s3, and PORTAL_FILES_S3_BUCKET is not set: name the bucket.",
    ),
    (
        {"PORTAL_FILES_S3_SECRET": "hunter2"},
        "PORTAL_FILES_S3_SECRET is set, and PORTAL_FILES_S3_BUCKET is not: name the bucket, or "
        "unset every PORTAL_FILES_S3_ variable.",
    ),
    (
        {"PORTAL_FILES_S3_BUCKET": "evidence"},
        "PORTAL_FILES_S3_BUCKET is set, and neither PORTAL_FILES_S3_REGION nor "
        "PORTAL_FILES_S3_ENDPOINT is: write the region, such as eu-west-2, or the server’s "
        "address.",
    ),
    (BUCKET | {"PORTAL_FILES_S3_ENDPOINT": "s3.example.org"}, ENDPOINT_REMEDY),
    (BUCKET | {"PORTAL_FILES_S3_ENDPOINT": "https://key:hunter2@s3"}, ENDPOINT_REMEDY),
    (BUCKET | {"PORTAL_FILES_S3_ENDPOINT": "http://minio_1:9000"}, ENDPOINT_REMEDY),
    (
        BUCKET | {"PORTAL_FILES_S3_BUCKET": "s3://evidence"},
        "PORTAL_FILES_S3_BUCKET is 's3://evidence': write the bucket’s name alone, such as "
        "evidence.",
    ),
    (
        BUCKET | {"PORTAL_FILES_S3_KEY_ID": "key"},
        "PORTAL_FILES_S3_KEY_ID is set, and PORTAL_FILES_S3_SECRET is not: write both, or "
        "neither where the machine itself has the right (a role, or a file of AWS’s tools).",
    ),
    (
        BUCKET | {"PORTAL_FILES_S3_SECRET": "hunter2"},
        "PORTAL_FILES_S3_SECRET is set, and PORTAL_FILES_S3_KEY_ID is not: write both, or "
        "neither where the machine itself has the right (a role, or a file of AWS’s tools).",
    ),
    (
        BUCKET | {"PORTAL_FILES_S3_ENCRYPTION": "rot13"},
        "PORTAL_FILES_S3_ENCRYPTION is 'rot13': write AES256 or aws:kms, or unset it.",
    ),
    (
        BUCKET | {"PORTAL_FILES_S3_KMS_KEY": "ours"},
        "PORTAL_FILES_S3_KMS_KEY is set: it needs PORTAL_FILES_S3_ENCRYPTION=aws:kms.",
    ),
    ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is 'xml': write line or json."),
    (
        {"MONITORING_TOKEN": "short"},
        "MONITORING_TOKEN has fewer than 32 characters, or some that are not ASCII: make one "
        "with: openssl rand -hex 24",
    ),
    (
        LOCAL | {"REHEARSE_FROM": "yesterday"},
        "REHEARSE_FROM is 'yesterday': write a date and time with its offset from UTC, "
        "such as 2019-07-23T10:00+01:00, or off.",
    ),
    (
        LOCAL | {"REHEARSE_FROM": "2019-07-23T10:00"},
        "REHEARSE_FROM is '2019-07-23T10:00': write a date and time with its offset from UTC, "
        "such as 2019-07-23T10:00+01:00, or off.",
    ),
    (
        LOCAL | {"REHEARSE_FROM": "2019-07-23T10:00+01:00"},
        "REHEARSE_FROM is set without REHEARSE_STARTED_AT, the real moment at which the "
        "rehearsal began. script/server sets both.",
    ),
]
