"""End of community support of each RabbitMQ series, so that a service can log an unsupported broker.

Source: the project's release information, https://www.rabbitmq.com/release-information (read in 2026). A series ends
when the next one is published, so the newest known series has no end here.
"""

from datetime import date
from functools import cache

import structlog

from shared.clock import in_japan, now

log = structlog.get_logger()

SUPPORT_ENDED = {
    (3, 10): date(2023, 7, 31),
    (3, 11): date(2023, 12, 31),
    (3, 12): date(2024, 6, 30),
    (3, 13): date(2024, 9, 17),
    (4, 0): date(2025, 4, 15),
    (4, 1): date(2026, 1, 30),
}
"""The last day on which the community supported each series."""


def support_ended(version: str) -> date | None:
    """Return the last day on which the series of ``version`` (``3.10.8``) was supported.

    Return None if it has no known end.

    A series older than all known ones ended with the oldest of them. Raises ValueError for a text that is no version.
    """
    major, minor = map(int, version.split(".")[:2])
    oldest = min(SUPPORT_ENDED)
    return SUPPORT_ENDED.get(max((major, minor), oldest))


@cache
def tell_support(version: str) -> None:
    """Log once for each version that the broker is no longer supported."""
    try:
        ended = support_ended(version)
    except ValueError:
        log.info("broker.version_unknown", version=version[:40])
        return
    if ended is not None and ended < in_japan(now()).date():
        log.warning("broker.past_its_support", version=version, ended=ended.isoformat())
