"""The headers of a replayed dead letter, which describe its death, after `make replay` or a move by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The headers of the last death. The time of the first failure stays.
OF_A_DEATH = ("attempts", "reason", "error", "error_detail", "handler", "last_failed_at")
# The headers that `make replay` writes instead.
OF_A_REPLAY = ("died_at", "died_of", "replayed_by")
EXPIRED = "expired"
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Death:
    """Time and reason of a message's death, and who replayed it (empty if unknown)."""

    at: str
    of: str
    replayed_by: str


def death_in(headers: Mapping[str, Any]) -> Death | None:
    """Return the death that ``headers`` describe. Return None for a new message or one that returns after a pause.

    A letter moved by hand has the headers of ``bury``. A letter that the broker itself moved has ``x-death``, in which
    a pause is ``expired``.
    """
    if "died_of" in headers:
        return Death(*(_text(headers.get(name)) for name in OF_A_REPLAY))
    if "reason" in headers:
        return Death(_text(headers.get("last_failed_at")), _text(headers["reason"]), "")
    if "x-death" in headers:
        return _by_the_broker(headers["x-death"])
    return None


def without_deaths(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``headers`` without those of deaths, replays and the broker."""
    told = (*OF_A_DEATH, *OF_A_REPLAY)
    return {key: value for key, value in headers.items() if key not in told and not key.startswith("x-")}


def _by_the_broker(entries: Any) -> Death | None:
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and entry.get("reason", EXPIRED) != EXPIRED:
            return Death(_text(entry.get("time")), _text(entry["reason"]), "")
    return None


def _text(value: Any) -> str:
    return "" if value is None else str(value).replace("\0", "")[:TEXT_MAX]
