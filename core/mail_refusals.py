"""A mail server's reply in plain English for staff; the reply itself may hold an address."""

import re

# Enhanced status codes: RFC 3463.
REFUSED_BY_RULES = "5.7."

BY_STATUS = {
    "1.1": "There is no such mailbox at the address.",
    "1.2": "The address's domain takes no mail.",
    "1.3": "The address is not written as an address should be.",
    "1.6": "The mailbox has moved, and nobody says where to.",
    "1.10": "The address's domain takes no mail.",
    "2.0": "The mailbox cannot take mail.",
    "2.1": "The mailbox is switched off.",
    "2.2": "The mailbox is full.",
    "2.3": "The mail is too big for the mailbox.",
    "3.4": "The mail is too big for the mail server.",
    "4.1": "The address's mail server does not answer.",
    "4.4": "The address's mail server cannot be found.",
}
BY_CODE = {
    421: "The mail server is closing for now.",
    450: "The mailbox cannot take mail at the moment.",
    451: "The mail server has a fault of its own at the moment.",
    452: "The mail server has no room at the moment.",
    530: "The mail server asks the portal to sign in.",
    534: "The mail server asks for another way of signing in.",
    535: "The mail server does not accept the portal's name and password.",
    538: "The mail server asks for an encrypted connection.",
    550: "There is no such mailbox at the address, or it takes no mail.",
    551: "The mailbox has moved, and nobody says where to.",
    552: "The mail is too big, or the mailbox is full.",
    553: "The address is not written as an address should be.",
}

# What django-anymail makes of a provider's reasons.
BY_REASON = {
    "invalid": "The address is not one that mail can be sent to.",
    "bounced": "The mail came back: the mailbox does not exist or takes no mail.",
    "timed_out": "The address's mail server did not take the mail in several days.",
    "blocked": "The mail provider's rules do not let this mail through.",
    "spam": "The mailbox's owner has reported mail from this portal as spam.",
    "unsubscribed": "The mailbox's owner has asked the mail provider for no more mail.",
}
ABOUT_SIGNING_IN = frozenset({530, 534, 535, 538})
# Neither is part of a word: the names, addresses and ports of mail servers have such numbers too,
# and so have versions of their programs. "550-" begins a line of a longer reply (RFC 5321, 4.2.1).
# Of RFC 3463 the subjects, the numbers in the middle, are 0 to 7.
REPLY = re.compile(r"(?<![\w.:@-])([45]\d\d)(?!\.?\w|@|-[\w-]*\.[a-z])", re.IGNORECASE)
STATUS = re.compile(r"(?:(?<![\w.:@-])|(?<=\b[45]\d\d-))([45]\.[0-7]\.\d{1,3})(?!\.?\w|@)")


def explain_refusal(code: int, status: str) -> str:
    """Return a sentence with the reply code and the enhanced status code ("" if none)."""
    numbers = f"({code} {status})" if status else f"({code})"
    if status.startswith(REFUSED_BY_RULES):
        sentence = "The mail server's rules do not let this mail through."
    else:
        sentence = BY_STATUS.get(status[2:]) or BY_CODE.get(code, "")
    if not sentence:
        sentence = (
            "The mail server refused the mail."
            if code >= 500
            else "The mail server could not take the mail at the moment."
        )
    return f"{sentence} {numbers}"


def explain_return(event: str, reason: str, reply: str) -> str:
    """Return a sentence on a mail that came back later, or that was complained about.

    `event` and `reason` are django-anymail's; of `reply`, the far mail server's, only the
    numbers are read.
    """
    if event == "complained":
        return "The mail arrived, and its reader reported it as spam."
    code, status = REPLY.search(reply), STATUS.search(reply)
    if event == "bounced" and code:
        return f"It came back: {explain_refusal(int(code[1]), status[1] if status else '')}"
    if event == "bounced" and status and status[1][2:] in BY_STATUS:
        return f"It came back: {BY_STATUS[status[1][2:]]} ({status[1]})"
    return BY_REASON.get(reason, "The mail provider could not deliver this mail.")
