"""The SQL of campaigns that are counted once, as consent lets somebody see them.

A response whose words are withheld is never left out, and never decides which one is: that would
tell what it says.
"""

from exports.consent import Scope, chosen_for_naming_sql, withheld_sql
from exports.types import Dataset
from review.duplicates.counting_once import PARAMETERS, campaign_sql, left_out_sql, stands_for_sql
from submissions.calls.models import Call

__all__ = ["PARAMETERS", "counted_once_sql", "named_sql", "stood_sql"]


def counted_once_sql(call: Call, scope: Scope) -> str:
    """SQL of whether the `submission` counts where each campaign counts once."""
    return f"submission.id NOT IN ({left_out_sql(_counted(call, scope))})"


def named_sql(dataset: Dataset) -> str:
    """JOIN: the campaign of each row, where that is a column."""
    if not dataset.export_filter.campaigns:
        return ""
    name = campaign_sql("submission.id", _counted(dataset.call, dataset.scope))
    return f"LEFT JOIN LATERAL ({name}) AS campaign ON true "


def stood_sql(dataset: Dataset) -> str:
    """JOIN: for how many responses of its campaign each row stands, where that is a column."""
    if dataset.export_filter.campaigns != "once":
        return ""
    stands_for = stands_for_sql(_counted(dataset.call, dataset.scope))
    return f"LEFT JOIN ({stands_for}) AS stood ON stood.submission_id = submission.id "


def _counted(call: Call, scope: Scope) -> str:
    return f"(NOT {withheld_sql(call, scope)} AND {chosen_for_naming_sql(call, scope)})"
