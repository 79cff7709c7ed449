"""The measuring half of bench.mail, which starts it with engines and settings of its own."""

import smtplib
import sys
import time
from pathlib import Path
from statistics import median

import django
from django.conf import settings
from django.core.management import call_command

django.setup()

from core import clock
from submissions.mail.rendering import render
from submissions.mail.sending import send_due
from submissions.outbox import queue
from submissions.outbox.models import OutboxEmail
from submissions.outbox.states import MailKind, OutboxState
from submissions.responses.models import Version

DEFINITION = Path(__file__).parent.parent / (
    "submissions/definitions/rebalancing-the-relationship.toml"
)
AIM = 0.25


def enqueue_one_for_each_version() -> None:
    OutboxEmail.objects.all().delete()
    at = clock.portal_now()
    for version in Version.objects.select_related("submission__call"):
        queue.enqueue(
            kind=MailKind.CONFIRMATION,
            call=version.submission.call,
            submission=version.submission,
            version=version,
            to_address=f"respondent-{version.pk}@example.org",
            at=at,
        )


def finished_messages() -> list[tuple[str, bytes]]:
    return [
        (
            mail.to_address,
            render(mail, at=mail.created_at).message.message().as_bytes(linesep="\r\n"),
        )
        for mail in OutboxEmail.objects.select_related("call", "version__submission")
    ]


def send_over_one_connection(messages: list[tuple[str, bytes]]) -> float:
    """Return the mails a second of the floor."""
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as server:
        server.ehlo()
        began = time.perf_counter()
        for address, message in messages:
            server.sendmail(settings.DEFAULT_FROM_EMAIL, [address], message)
        return len(messages) / (time.perf_counter() - began)


def send_as_the_worker_does(number: int) -> float:
    """Return the mails a second, the opening of the connection included."""
    began = time.perf_counter()
    while send_due(portal_now=clock.portal_now, wall_now=clock.wall_now).sent:
        pass
    rate = number / (time.perf_counter() - began)
    if OutboxEmail.objects.filter(state=OutboxState.SENT).count() != number:
        sys.exit("Not every mail was sent: the rate means nothing.")
    return rate


def main(count: int, turns: int) -> int:
    call_command("migrate", verbosity=0)
    call_command("load_call", str(DEFINITION), verbosity=0)
    call_command("seed_responses", count=count, seed=5, verbosity=0)
    floors, rates, spent = [], [], []
    for _ in range(turns):
        enqueue_one_for_each_version()
        messages = finished_messages()
        floors.append(send_over_one_connection(messages))
        before = time.process_time()
        rates.append(send_as_the_worker_does(count))
        spent.append((time.process_time() - before) / count * 1000)
    size = median(len(message) for _, message in messages) / 1000
    ratio = median(rate / floor for rate, floor in zip(rates, floors, strict=True))
    print(f"{count} confirmations of {size:.0f} kB, {turns} turns, median")
    print(f"floor, one open connection: {median(floors):7.0f} a second")
    print(f"portal, outbox to sent:     {median(rates):7.0f} a second")
    print(f"processor time of its process: {median(spent):.2f} ms a mail")
    print(f"ratio: {ratio:.2f} (aim: {AIM} or more)")
    return 0 if ratio >= AIM else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
