"""The one clock of a process. Nothing else reads the time of day.

:func:`now` is the time of day for business rules. :func:`elapsed` never goes back; use it for pauses and rates.

Only tests and the demo move the clock. ``CLOCK_FILE`` names a file with an offset in seconds, which all processes
share (OPS-13). A process reads the file at most five times a second.
"""

import asyncio
import os
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from zoneinfo import ZoneInfo

JAPAN = ZoneInfo("Asia/Tokyo")
_LOOK_AGAIN_SECONDS = 0.2


def real_time() -> datetime:
    """Return the time of day of this machine, in UTC."""
    return datetime.now(UTC)


class Clock:
    """Real time plus an offset. ``file=None`` means that only :meth:`move` changes the offset.

    ``source`` returns the time to which the offset is added; a simulation passes its own.
    """

    def __init__(self, file: Path | None = None, source: Callable[[], datetime] = real_time) -> None:
        self.file = file
        self.source = source
        self._offset = timedelta(0)
        self._looked_at = float("-inf")

    def now(self) -> datetime:
        """Return the present moment in UTC, moved by the offset."""
        if self.file is not None and time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS:
            self._looked_at = time.monotonic()
            self._offset = self._read_offset(self.file)
        return self.source() + self._offset

    def move(self, by: timedelta) -> None:
        """Move the clock by ``by``, for tests. With a file, the clocks of all processes that read it move."""
        if self.file is None:
            self._offset += by
            return
        offset = self._read_offset(self.file) + by
        self.file.write_text(f"{offset.total_seconds():.0f}\n", encoding="ascii")
        self._looked_at = float("-inf")

    def reset(self) -> None:
        """Go back to real time."""
        self.source = real_time
        if self.file is not None:
            self.file.unlink(missing_ok=True)
        self._offset = timedelta(0)
        self._looked_at = float("-inf")

    @staticmethod
    def _read_offset(file: Path) -> timedelta:
        try:
            return timedelta(seconds=float(file.read_text(encoding="ascii").strip() or 0))
        except FileNotFoundError:
            return timedelta(0)


def _from_environment() -> Clock:
    name = os.environ.get("CLOCK_FILE")
    return Clock(Path(name) if name else None)


clock = _from_environment()


def now() -> datetime:
    """Return the present moment of this process's clock, in UTC."""
    return clock.now()


def elapsed() -> float:
    """Return the seconds of the running event loop. They never jump; only their difference has a meaning."""
    return asyncio.get_running_loop().time()


def in_japan(moment: datetime) -> datetime:
    """Return ``moment`` in Japan time, in which all business dates are counted (OPS-13)."""
    return moment.astimezone(JAPAN)


def end_of_day(day: date) -> datetime:
    """Return the first moment after ``day`` in Japan. Things that are valid until the end of ``day`` end then."""
    return datetime.combine(day + timedelta(days=1), time_of_day(), tzinfo=JAPAN)


def last_day(end: datetime) -> date:
    """Return the last valid day in Japan of something that ends at ``end``. Pages show this day."""
    return in_japan(end - timedelta(seconds=1)).date()
