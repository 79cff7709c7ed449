"""Who may have which export: the rights for each kind, and what needs a reason."""

from accounts.models import User
from accounts.rights import may, may_all
from accounts.states import Action
from exports.types import Dataset
from submissions.calls.models import Call

NAMED_NEEDS = (Action.SEE_IDENTITY, Action.EXPORT_NAMED)
# Those who may read responses one by one, and may export confidential ones.
CONFIDENTIAL_NEEDS = (Action.READ_RESPONSES, Action.EXPORT_CONFIDENTIAL)
# Those who code: what they take away is their own work, with the words that it stands on.
TEAM_NEEDS = (Action.READ_RESPONSES, Action.CODE)


class ExportRefused(Exception):
    """Whoever asks may not have the export; the message is one line for people."""


def refuse_unless_permitted(dataset: Dataset, *, by: User | None, reason: str) -> None:
    """Raise ExportRefused unless `by` may have the export; None is the server's command line.

    A named export and one of confidential responses need a reason, whoever asks. One of both holds
    all: nobody who gave a confidential response chose to be named.
    """
    if by is not None:
        if dataset.named and not may_export_named(by, dataset.call):
            raise ExportRefused("You do not have permission to export who answered.")
        if dataset.confidential and not may_export_confidential(by, dataset.call):
            raise ExportRefused("You do not have permission to export confidential responses.")
        if dataset.team and not may_take_away(by, dataset.call):
            raise ExportRefused("Only those who code in the call get the files of its team.")
        if dataset.export_filter.listed and not may(by, Action.READ_RESPONSES, dataset.call):
            raise ExportRefused("Only those who read responses export from their list.")
        asks_more = dataset.named or dataset.confidential or dataset.team
        if not (asks_more or may_export(by, dataset.call)):
            raise ExportRefused("You do not have permission to export responses.")
    if dataset.named and dataset.confidential and not dataset.includes_unnamed:
        raise ExportRefused(
            "An export of those who chose to be named holds no confidential responses. Export them "
            "apart, or with the names of those too who did not choose to be named."
        )
    if dataset.named and not reason.strip():
        raise ExportRefused("Give a reason for an export that says who answered.")
    if dataset.confidential and not reason.strip():
        raise ExportRefused("Give a reason for an export of confidential responses.")


def may_export(by: User, call: Call) -> bool:
    """Return whether `by` may have the least that is exported; whoever may have more may."""
    return may(by, Action.EXPORT, call) or may_export_confidential(by, call)


def may_export_named(by: User, call: Call) -> bool:
    return may_all(by, NAMED_NEEDS, call)


def may_take_away(by: User, call: Call) -> bool:
    return may_all(by, TEAM_NEEDS, call)


def may_export_confidential(by: User, call: Call) -> bool:
    return may_all(by, CONFIDENTIAL_NEEDS, call)
