"""SQL that is written out: names, strings and moments. All else is a parameter."""


def name_sql(key: str) -> str:
    return '"' + key.replace('"', '""').replace("%", "%%") + '"'


def literal_sql(key: str) -> str:
    return "'" + key.replace("'", "''").replace("%", "%%") + "'"


def moment_sql(moment: str, local: str) -> str:
    """SQL of a moment as ISO 8601; `local` joins how far ahead of UTC the call's zone is then."""
    return (
        f"to_char({moment} AT TIME ZONE %(zone)s, 'YYYY-MM-DD\"T\"HH24:MI:SS.US') "
        f"|| CASE WHEN {local}.ahead < interval '0' THEN '-' ELSE '+' END "
        f"|| to_char(greatest({local}.ahead, -{local}.ahead), 'HH24:MI')"
    )
