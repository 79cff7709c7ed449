"""The columns of a table as somebody chose to have the choices: keys or labels, joined or apart.

Formats that are no tables read those of `all_columns`. Where somebody wants several choices apart,
a table has one column more for each option. Where somebody wants labels, they stand in the place of
keys.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from exports.filters import APART, LABELS, ExportFilter
from exports.one_column import SEVERAL, YES_NO, Column
from exports.sql_literals import literal_sql

CHOSEN = (("yes", "Chosen"), ("no", "Not chosen"))


def in_shape(columns: Sequence[Column], export_filter: ExportFilter) -> list[Column]:
    """Return the columns of a table; none of `columns` is left out, and their order stays."""
    found = list(columns)
    if export_filter.several == APART:
        taken = {column.name for column in found}
        found = [more for column in found for more in _with_options(column, taken)]
    if export_filter.choices == LABELS:
        found = [_labelled(column) for column in found]
    return found


def _with_options(column: Column, taken: set[str]) -> Iterator[Column]:
    """Yield the column, and one that says yes or no for each of its options."""
    yield column
    if column.kind != SEVERAL:
        return
    for key, label in column.values:
        name, number = f"{column.name}_{key}", 1
        while name in taken:
            number += 1
            name = f"{column.name}_{key}_{number}"
        taken.add(name)
        chosen = f"{literal_sql(key)} = ANY({column.listed_sql})"
        yield Column(
            name=name,
            sql=f"CASE {chosen} WHEN true THEN 'yes' WHEN false THEN 'no' END",
            kind=YES_NO,
            meaning=f"{column.meaning} {label}",
            values=CHOSEN,
            question=column.question,
            option=key,
        )


def _labelled(column: Column) -> Column:
    """Return the column with the labels of its options; what has none stays as it is."""
    if not column.values or column.kind == YES_NO:
        return column
    labels = f"{literal_sql(json.dumps(dict(column.values), default=str))}::jsonb"
    if column.kind == SEVERAL:
        sql = (
            f"(SELECT string_agg(coalesce({labels} ->> chosen.key, chosen.key), '; ' "  # noqa: S608 - quoted above
            f"ORDER BY chosen.place) FROM unnest({column.listed_sql}) WITH ORDINALITY "
            "AS chosen(key, place))"
        )
    else:
        sql = f"coalesce({labels} ->> ({column.sql})::text, ({column.sql})::text)"
    return replace(column, sql=sql, is_typed_in=True, has_labels=True)
