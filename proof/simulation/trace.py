"""The trace: all steps in order. The same seed gives the same trace, and its hash proves it."""

import hashlib
import re
from collections.abc import Callable

_LONG_NAMES = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b|\bN\d{6}-\w{4}-\w{8}\b"
)


class Trace:
    """Lines of the form ``12.003456 payments.1 commit``.

    Identifiers and order codes are named by the order in which they appear (``#1``, ``#2``): codes have a
    part that is really random. ``show`` gets each line as it is written.
    """

    def __init__(self, time: Callable[[], float], show: Callable[[str], None] | None = None) -> None:
        self._time = time
        self._show = show
        self._hash = hashlib.blake2b(digest_size=12)
        self._names: dict[str, str] = {}
        self.lines = 0

    def add(self, who: str, what: str) -> None:
        """Write a line."""
        line = f"{self._time():.6f} {who} {_LONG_NAMES.sub(self._named, what)}"
        self._hash.update(line.encode() + b"\n")
        self.lines += 1
        if self._show is not None:
            self._show(line)

    def _named(self, found: "re.Match[str]") -> str:
        return self._names.setdefault(found[0].replace("-", ""), f"#{len(self._names) + 1}")

    @property
    def digest(self) -> str:
        """Return the hash of all lines so far."""
        return self._hash.hexdigest()
