"""The logs of a service as they are in an installation, for a while: what they print may do more than print."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import structlog

from shared.process.logs import set_up_logs
from shared.process.settings import ServiceSettings


@contextmanager
def service_logs(log_format: Literal["json", "console"] = "json") -> Iterator[logging.Handler]:
    """Set logs up as a service does and return the one handler; logs are as they were afterwards."""
    root = logging.getLogger()
    handlers, level, config = root.handlers[:], root.level, structlog.get_config()
    set_up_logs("checkout", ServiceSettings.model_construct(log_format=log_format, log_level="INFO"))
    # A logger that is cached would print like this for the rest of the run.
    structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})
    [handler] = root.handlers
    try:
        yield handler
    finally:
        structlog.configure(**config)
        root.handlers[:] = handlers
        root.setLevel(level)
