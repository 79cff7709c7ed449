"""What ends a transaction that stands in the way of others."""

# PostgreSQL's settings, for each connection of the portal. No statement_timeout: an export of a
# large call takes the time that it takes.
TIME_OUTS = {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "10min"}
