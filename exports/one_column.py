"""One column of an export, and the kinds that there are."""

from dataclasses import dataclass, field

CODE = "code"
TIME = "date and time"
NUMBER = "number"
ONE = "one choice"
SEVERAL = "several choices, joined with “; ”"
TICK = "tick"
SHORT = "short text"
LONG = "text"
YES_NO = "yes or no"


@dataclass(frozen=True)
class Column:
    """One column: its name, the SQL of its cells, and what the data dictionary says of it.

    `is_typed_in` says that a cell may begin with anything: somebody wrote it, or named it.
    `question` is the key of the question it answers, `row` that of the matrix's row, `option` that
    of the option it says yes or no of, and `derived_from` that of the question whose options it
    puts into bands, by the definition under the key `band`. Of several choices `listed_sql` has the
    keys as an array. `has_labels` says that the cells have the labels of `values`.
    """

    name: str
    sql: str
    kind: str
    meaning: str
    values: tuple[tuple[str, str], ...] = field(default=())
    is_typed_in: bool = False
    question: str = ""
    row: str = ""
    derived_from: str = ""
    band: str = ""
    option: str = ""
    listed_sql: str = ""
    has_labels: bool = False
