"""Structured logs: one JSON object per line, with a dotted name of the fact and its fields. They contain no sentences.

Personal data does not belong here: log ids, codes and reasons. Tracebacks are without the values of rows.
"""

import logging
from typing import Any

import structlog
from structlog.contextvars import merge_contextvars

from shared.cause import current_cause, trace_id
from shared.process.settings import ServiceSettings
from shared.process.tracebacks import Formatter, of_structlog


def set_up_logs(service: str, settings: ServiceSettings) -> None:
    """Send structlog and the standard library's loggers to standard output in one format."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    steps: list[Any] = [
        merge_contextvars,
        add_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*steps, _named(service), structlog.processors.ExceptionRenderer(of_structlog), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        cache_logger_on_first_use=True,
    )
    plain = logging.StreamHandler()
    plain.setFormatter(Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[plain], force=True)


def _named(service: str) -> Any:
    def add_service(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        line["service"] = service
        return line

    return add_service


def add_trace(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """Add the trace id of the running task, if it has one."""
    found = trace_id(current_cause().traceparent)
    return line if found is None else {**line, "trace_id": found}
