"""The mail providers that may report bounces and complaints."""

from collections.abc import Mapping

from django.core.exceptions import ImproperlyConfigured

# The view of django-anymail that reads a provider's events.
VIEWS = {
    "brevo": "anymail.webhooks.brevo.BrevoTrackingWebhookView",
    "mailersend": "anymail.webhooks.mailersend.MailerSendTrackingWebhookView",
    "mailgun": "anymail.webhooks.mailgun.MailgunTrackingWebhookView",
    "mailjet": "anymail.webhooks.mailjet.MailjetTrackingWebhookView",
    "postmark": "anymail.webhooks.postmark.PostmarkTrackingWebhookView",
    "sendgrid": "anymail.webhooks.sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "anymail.webhooks.sparkpost.SparkPostTrackingWebhookView",
}
# What django-anymail cannot read a provider's events without.
SIGNED_WITH = {
    "mailersend": "ANYMAIL_MAILERSEND_SIGNING_SECRET",
    "mailgun": "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
}
VARIABLES = ("ANYMAIL_PROVIDER", "ANYMAIL_WEBHOOK_SECRET", *SIGNED_WITH.values())
SHORTEST_SECRET = 20


def anymail_from(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the setting ANYMAIL; empty if ANYMAIL_PROVIDER names no provider.

    Raises ImproperlyConfigured for a provider that is not known, or whose events anybody
    could forge, and for its secrets without its name.
    """
    provider = environment.get("ANYMAIL_PROVIDER", "").strip()
    if not provider:
        for name in VARIABLES[1:]:
            if environment.get(name, "").strip():
                raise ImproperlyConfigured(
                    f"{name} is set, and ANYMAIL_PROVIDER is not: write {', '.join(VIEWS)}, or "
                    f"unset {name}."
                )
        return {}
    if provider not in VIEWS:
        raise ImproperlyConfigured(
            f"ANYMAIL_PROVIDER is {provider!r}: write {', '.join(VIEWS)}, or nothing."
        )
    user, _, password = environment.get("ANYMAIL_WEBHOOK_SECRET", "").strip().partition(":")
    if not user or len(password) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            "ANYMAIL_WEBHOOK_SECRET must be a name and a secret, such as hook:..., which the "
            f"provider signs in with; the secret has {SHORTEST_SECRET} characters or more. "
            "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(30))'"
        )
    needed = SIGNED_WITH.get(provider)
    if needed and not environment.get(needed, "").strip():
        raise ImproperlyConfigured(f"{needed} is not set: {provider} signs its events with it.")
    of_provider = f"ANYMAIL_{provider.upper()}_"
    chosen = {
        name.removeprefix("ANYMAIL_"): value.strip()
        for name, value in environment.items()
        if name.startswith(of_provider) and value.strip()
    }
    return {"WEBHOOK_SECRET": f"{user}:{password}", **chosen}
