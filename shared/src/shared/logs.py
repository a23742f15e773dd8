"""Structured logs: one JSON object a line, dotted facts with fields, never sentences.

Personal data does not belong here: log ids, codes and reasons.
"""

import logging
import secrets
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars

from shared.settings import ServiceSettings


def set_up_logs(service: str, settings: ServiceSettings) -> None:
    """Send structlog and the standard library's loggers to standard output in one format."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    steps: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*steps, _named(service), structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.log_level)),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", force=True)


def _named(service: str) -> Any:
    def add_service(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
        line["service"] = service
        return line

    return add_service


def new_trace() -> str:
    """Return a fresh W3C ``traceparent`` (Trace Context §3.2), sampled."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def child_trace(parent: str | None) -> str:
    """Return a ``traceparent`` of the same trace as ``parent``, or a fresh one."""
    parts = (parent or "").split("-")
    if len(parts) != 4 or len(parts[1]) != 32:
        return new_trace()
    return f"00-{parts[1]}-{secrets.token_hex(8)}-{parts[3]}"


def trace_id(traceparent: str | None) -> str | None:
    """Return the trace id inside ``traceparent``, for log lines."""
    parts = (traceparent or "").split("-")
    return parts[1] if len(parts) == 4 else None


__all__ = ["bound_contextvars", "child_trace", "new_trace", "set_up_logs", "trace_id"]
