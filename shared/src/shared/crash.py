"""Crash points: named places where a test can end the process, to prove that nothing is lost.

``CRASH_AT=name:n`` ends the process like SIGKILL on the n-th pass of ``name``. With ``CRASH_MARK=file`` the name is
first appended to that file, so that a test can check it. Without ``CRASH_AT`` a pass costs two comparisons. A
simulation of many processes in one watches the passes with :func:`watch_passes` and decides which process dies.
"""

import os
from collections.abc import Callable
from pathlib import Path

POINTS = {
    "K1": "order transaction open",
    "K2": "order committed, answer not sent",
    "K3": "relay claimed rows",
    "K4": "published, no confirm yet",
    "K5": "confirmed, not marked",
    "K6": "marked, not committed",
    "K7": "delivered, inbox not written",
    "K8": "inbox written, not committed",
    "K9": "committed, not acknowledged",
    "K10": "payment intent committed, provider not called",
    "K11": "provider called, no answer",
    "K12": "answer read, not committed",
    "K13": "SMTP 250 read, not committed",
    "K14": "notice verified, not stored",
    "K15": "notice stored, 200 not sent",
}

_armed, _, _count = os.environ.get("CRASH_AT", "").partition(":")
_passes_left = int(_count or 1)
_watcher: Callable[[str], None] | None = None


def watch_passes(watcher: Callable[[str], None] | None) -> None:
    """Call ``watcher`` with the name of each pass of this process. It may raise an error. None ends the watch."""
    global _watcher  # noqa: PLW0603 - one process, one watcher
    _watcher = watcher


def crash_point(name: str) -> None:
    """End the process if this is the armed pass of the crash point ``name`` (a key of :data:`POINTS`)."""
    if _watcher is not None:
        _watcher(name)
    if name != _armed:
        return
    global _passes_left  # noqa: PLW0603 - one counter per process is the point
    _passes_left -= 1
    if _passes_left > 0:
        return
    mark = os.environ.get("CRASH_MARK")
    if mark:
        with Path(mark).open("a", encoding="ascii") as file:
            file.write(f"{name}\n")
    os._exit(137)
