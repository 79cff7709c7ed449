"""What the tests of invitations and of mails about accounts share."""

import re

from django.core import mail
from django.core.management import call_command

from accounts.states import Role
from accounts.tasks import send_account_mail

NEW = "three words of nobody"


def link_in(message):
    return re.search(r"http://[^/\s]+(/account/\S+)", message.body)[1]


def invited(address="pat@example.org", role=Role.MANAGER):
    call_command("invite", address, f"--as={role}", "--call=the-call")
    send_account_mail()
    return link_in(mail.outbox[-1])


def accepts(client, link, password=NEW):
    return client.post(
        link, {"name": "Pat Example", "new_password1": password, "new_password2": password}
    )
