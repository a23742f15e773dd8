"""Tracebacks without the values of rows: logs contain PostgreSQL's message of an error, but not its details.

The error of a broken constraint has a DETAIL with the whole row: name, address, the key of a page (PostgreSQL manual,
55.8, "Error and Notice Message Fields"). Class, message, table and constraint are logged, because they are needed to
find the cause.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

import asyncpg

ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def traceback_text(error: BaseException) -> str:
    """Return the traceback of ``error`` and of its causes as text, without the values of rows and arguments.

    The values are removed from PostgreSQL's errors while the text is made. Afterwards the errors contain them again,
    because other code may need them.
    """
    with ExitStack() as stack:
        for one in _chain(error, set()):
            if isinstance(one, asyncpg.PostgresError):
                stack.enter_context(_without_values(one))
        return "".join(traceback.format_exception(error)).rstrip("\n")


def of_structlog(exc_info: ErrorInfo) -> str:
    """Format an error as structlog hands it to a renderer."""
    return traceback_text(exc_info[1])


class Formatter(logging.Formatter):
    """The standard library's format with these tracebacks, for the errors of asyncio and uvicorn."""

    def formatException(self, ei: object) -> str:  # noqa: N802  # the standard library's name
        """Format an error as the standard library hands it to a formatter."""
        match ei:
            case (_, BaseException() as error, _):
                return traceback_text(error)
        return ""


def _chain(error: BaseException | None, seen: set[int]) -> Iterator[BaseException]:
    """Return ``error``, its causes and the members of exception groups, each once."""
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield error
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for one in (error.__cause__, error.__context__, *members):
        yield from _chain(one, seen)


@contextmanager
def _without_values(error: asyncpg.PostgresError) -> Iterator[None]:
    """Remove the values from an error until the end of the block."""
    args, fields, notes = error.args, dict(vars(error)), tuple(getattr(error, "__notes__", ()))
    try:
        _cut_values(error)
        yield
    finally:
        error.args = args
        vars(error).clear()
        vars(error).update(fields)
        if notes:
            error.__notes__ = list(notes)


def _cut_values(error: asyncpg.PostgresError) -> None:
    error.detail = error.hint = None
    if isinstance(error, asyncpg.DataError) and error.args:
        # The text after the colon is the value: 'invalid input syntax for type uuid: "…"'.
        error.args = (str(error.args[0]).partition(":")[0], *error.args[1:])
    about = ", ".join(
        f"{name} {value}"
        for name, value in (("table", error.table_name), ("constraint", error.constraint_name))
        if value
    )
    if about and about not in getattr(error, "__notes__", ()):
        error.add_note(about)
