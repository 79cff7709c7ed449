"""The SQL of which `change` of a response programs read.

Of a response that is withheld from them, only what its bare row says: when it came, ended, or is
confidential from then on. When the project team reads or codes it, or renames a code that it has,
would tell what it says.

The SQL names `version`, the latest one, and needs the parameters of `consent`. To say which of its
two numbers counts, PostgreSQL reads the version. So each piece of SQL also names the numbers
themselves: it then reads the versions of one page, and not of all that changed.
"""

from exports.consent import Scope, withheld_sql
from submissions.calls.models import Call


def number_sql(call: Call, scope: Scope) -> str:
    """SQL of the change's number; NULL where it has none yet."""
    return _change_sql("number", call, scope)


def noted_at_sql(call: Call, scope: Scope) -> str:
    return _change_sql("noted_at", call, scope)


def changed_between_sql(call: Call, scope: Scope, after: str, upto: str) -> str:
    """SQL of whether the change has `after < number <= upto`, which are SQL, too."""
    number = number_sql(call, scope)
    may_be = " OR ".join(
        f"(change.{column} > {after} AND change.{column} <= {upto})"
        for column in ("number", "bare_number")
    )
    return f"(({may_be}) AND {number} > {after} AND {number} <= {upto})"


def _change_sql(column: str, call: Call, scope: Scope) -> str:
    withheld = withheld_sql(call, scope)
    return f"(CASE WHEN {withheld} THEN change.bare_{column} ELSE change.{column} END)"
