"""Transient database errors: the same transaction may be run again."""

import asyncpg

# PostgreSQL error classes: 08 connection, 53 resources, 57P operator intervention, 40 rollback, 55P03 lock.
_TRANSIENT = ("08", "53", "57P", "40", "55P03", "25P03")


def is_transient(error: BaseException) -> bool:
    """Return whether ``error`` is transient, so that the whole transaction may be run again."""
    match error:
        case ConnectionError() | TimeoutError() | OSError():
            return True
        # The schema was expanded after the statement was prepared: the next run prepares it again. Or the session
        # ended between two statements, and the second was never sent.
        case asyncpg.InvalidCachedStatementError() | asyncpg.InternalClientError():
            return True
        case asyncpg.PostgresError():
            return (error.sqlstate or "").startswith(_TRANSIENT)
        case asyncpg.InterfaceError():
            return "closed" in str(error)
    return False
