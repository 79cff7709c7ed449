"""What a request for responses asks: its filter, where it goes on, how many, and as what.

A cursor is encrypted. It holds the number up to which its program has read, and the number up to
which its first reading goes: which numbers are left out would tell what happened to responses that
are withheld. It also holds digests of the filter and of the rules that make lines.
A rule may change: a question becomes identity, the call publishes nothing any more. Then a program
may hold lines that it must not have any more, so it has to begin again. So it has after a restore.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.fernet import InvalidToken
from django.http import QueryDict

from accounts.models import AuditEvent
from accounts.states import AuditAction
from core.ciphers import cipher
from exports import consent
from exports.api.problems import Problem
from exports.changes import number_before
from exports.filters import FilterRefused
from exports.models import ApiToken
from exports.queries import used_codes
from exports.recording import read_by
from exports.steering.filter_form import OF_EXPORTS, read_filter
from exports.types import Dataset

SALT = "exports.api.cursor"
OWN = ("cursor", "since", "limit", "format")
# Those would give rows that change with others, or in another order than the cursor's.
NOT_HERE = {"until", "order", "campaigns", *OF_EXPORTS} - set(OWN)
FORMATS = ("json", "csv")
USUAL, MOST = 1_000, 20_000


@dataclass(frozen=True)
class PageRequest:
    """`after` is the number to go on from; `first_upto` where a first reading ends.

    None is a first reading that begins now: 0 for whoever asks only for what changed.
    """

    dataset: Dataset
    file_format: str
    limit: int
    after: int
    first_upto: int | None
    filter_digest: str
    rules_digest: str

    def cursor(self, *, upto: int, first_upto: int) -> str:
        """Return the cursor that goes on after `upto`, in a first reading up to `first_upto`."""
        held = [upto, first_upto, self.filter_digest, self.rules_digest]
        return cipher(SALT).encrypt(json.dumps(held).encode()).decode()


def read(given: QueryDict, token: ApiToken) -> PageRequest:
    """Return what is asked; raise Problem, with a sentence that says how to ask."""
    for name in OWN:
        if len(given.getlist(name)) > 1:
            raise Problem(400, f"Give {name} once.")
    dataset = _dataset(given, token)
    file_format = given.get("format", "json")
    if file_format not in FORMATS:
        raise Problem(400, "format is json or csv.")
    filters = _digest(dataset.export_filter.filters())
    rules = _digest(_rules(dataset))
    after, first_upto = _place(given, dataset, filters, rules)
    return PageRequest(
        dataset=dataset,
        file_format=file_format,
        limit=_limit(given.get("limit", str(USUAL))),
        after=after,
        first_upto=first_upto,
        filter_digest=filters,
        rules_digest=rules,
    )


def of_changes(dataset: Dataset, changes: tuple[int, int]) -> Dataset:
    return replace(dataset, changes=changes)


def _dataset(given: QueryDict, token: ApiToken) -> Dataset:
    rest = given.copy()
    for name in OWN:
        rest.pop(name, None)
    dataset = Dataset(
        token.call,
        named=token.named,
        includes_unnamed=token.includes_unnamed,
        confidential=token.confidential,
    )
    dataset = read_by(dataset, token.person)
    if wrong := NOT_HERE & set(rest):
        raise Problem(400, f"There is no filter “{min(wrong)}” here.")
    codes: tuple[str, ...] = ()
    if given.get("cursor"):
        # Its filter was read once. A code may have no passage any more: that is to be told.
        codes = tuple(rest.getlist("codes"))
    elif "codes" in rest:
        codes = tuple(code.name for code in used_codes(dataset))
    try:
        chosen = read_filter(token.call, rest).checked(token.call, codes)
    except FilterRefused as error:
        raise Problem(400, str(error)) from None
    return replace(dataset, export_filter=chosen)


def _place(given: QueryDict, dataset: Dataset, filters: str, rules: str) -> tuple[int, int | None]:
    cursor, since = given.get("cursor", ""), given.get("since", "")
    if cursor and since:
        raise Problem(400, "Give either cursor or since: a cursor knows where to go on.")
    if since:
        return number_before(dataset.call, _moment(since)), 0
    if not cursor:
        return 0, None
    try:
        after, first_upto, for_filter, by_rules = json.loads(cipher(SALT).decrypt(cursor))
    except (InvalidToken, ValueError):
        raise Problem(400, "This is no cursor of this portal. Begin again without one.") from None
    if by_rules != rules:
        raise Problem(
            410,
            "The call’s questions, its rules of consent or the token’s scope have changed since, "
            "or the portal was set back to an earlier day. Delete what you hold, and begin again "
            "without a cursor.",
        )
    if for_filter != filters:
        raise Problem(400, "The cursor goes on with another filter. Begin again without one.")
    return after, first_upto


def _moment(written: str) -> datetime:
    try:
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None and moment.utcoffset() is not None:
            moment.timestamp()
            return moment
    except (ValueError, OverflowError):
        pass
    raise Problem(
        400,
        "since is a moment with its offset from UTC, such as 2019-07-24T11:00:00Z. In an address, "
        "+ is written as %2B.",
    )


def _limit(written: str) -> int:
    if written.isascii() and written.isdecimal() and len(written) <= len(str(MOST)):
        limit = int(written)
        if 1 <= limit <= MOST:
            return limit
    raise Problem(400, f"limit is a number from 1 to {MOST}.")


def _rules(dataset: Dataset) -> list[Any]:
    """Return all by which a line is made that is not of the response itself.

    And the restores: a database that was set back gives numbers anew that programs have read.
    """
    call, scope = dataset.call, dataset.scope
    restores = AuditEvent.objects.filter(call=None, action=AuditAction.RESTORED).order_by("pk")
    return [
        *restores.values_list("at", flat=True),
        call.pk,
        call.publication,
        call.timezone,
        scope.in_words(),
        consent.parameters(call, scope),
        # As a table: where it has labels, these are in the SQL, and its options may be columns.
        [[column.name, column.sql, column.is_typed_in] for column in dataset.as_table().columns],
        [q.key for q in consent.shown_questions(call, named=dataset.named)],
        list(dataset.blind),
    ]


def _digest(what: Any) -> str:
    written = json.dumps(what, sort_keys=True, default=str)
    return hashlib.sha256(written.encode()).hexdigest()[:16]
