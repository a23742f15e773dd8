"""How long a provider asks Noren to wait (RFC 9110, Retry-After, in seconds)."""

import re
from collections.abc import Mapping

_SECONDS = re.compile(r"[0-9]{1,9}")


def retry_after_seconds(headers: Mapping[str, str]) -> int | None:
    """Return the seconds in ``headers``, or None if there are none, or a date."""
    given = headers.get("retry-after", "").strip()
    return int(given) if _SECONDS.fullmatch(given) else None
