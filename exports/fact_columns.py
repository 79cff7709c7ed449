"""The columns that no question fills: when a response came, how far it is, its campaign."""

from exports.one_column import CODE, LONG, NUMBER, ONE, SEVERAL, TIME, Column
from exports.sql_literals import moment_sql
from submissions.responses.states import Channel, Timing, TriageStatus


def receipt_columns() -> list[Column]:
    return [
        Column("reference", "submission.reference", CODE, "The response's reference."),
        Column(
            "submitted_at",
            moment_sql("submission.submitted_at", "first_time"),
            TIME,
            "When the response was first submitted, in the call's time zone.",
        ),
        Column(
            "timing",
            "version.timing",
            ONE,
            "Which deadline the latest version was received before.",
            tuple(Timing.choices),
        ),
        Column(
            "channel",
            "version.channel",
            ONE,
            "How the evidence reached the project.",
            tuple(Channel.choices),
        ),
    ]


def version_columns() -> list[Column]:
    """Return what tells the first version from the latest; other columns keep their places."""
    latest = moment_sql("version.received_at", "local_time")
    return [
        Column(
            "received_at",
            f"CASE WHEN NOT version.is_withheld THEN {latest} END",
            TIME,
            "When the latest version, which this row is, was received, written as submitted_at.",
        ),
        Column(
            "version",
            "nullif(version.number, 0)",
            NUMBER,
            "Which version of the response this row is; above 1, its author changed it.",
        ),
    ]


def campaign_columns(campaigns: str) -> list[Column]:
    if not campaigns:
        return []
    found = [
        Column(
            "campaign",
            "CASE WHEN NOT version.is_withheld THEN campaign.name END",
            LONG,  # nobody's choice of publication hides it, as it does short texts
            "The campaign that staff put the response into, where another of it is shown, too.",
            is_typed_in=True,
        )
    ]
    if campaigns == "once":
        found.append(
            Column(
                "stands_for",
                "CASE WHEN campaign.name IS NOT NULL THEN stood.responses END",
                NUMBER,
                "How many responses of its campaign the row stands for, itself included; empty "
                "outside campaigns. Duplicates are not counted.",
            )
        )
    return found


def handling_columns() -> list[Column]:
    return [
        Column("attachments", "attached.files", NUMBER, "How many files came with the response."),
        Column(
            "words", "version.words", NUMBER, "Words in all text answers, withheld ones included."
        ),
        Column(
            "status",
            "version.status",
            ONE,
            "How far the project's staff have read the response.",
            tuple(TriageStatus.choices),
        ),
        Column(
            "codes",
            "coded.codes",
            SEVERAL,
            "Names of the codes under which staff put passages that this export shows, those that "
            "the team later decided against too: the table of codings says which stand.",
            is_typed_in=True,
        ),
    ]
