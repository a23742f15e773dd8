"""Template filters: money, times and codes as every page writes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.clock import in_japan


def yen(amount: int) -> str:
    """Return an amount in yen as `¥12,800`, and a discount as `−¥500` with a real minus sign."""
    sign = "−" if amount < 0 else ""
    return f"{sign}¥{abs(amount):,}"


def jst(moment: datetime) -> str:
    """Return an aware moment in Japan time, `2026/11/22 14:05`. Raises ValueError for a naive one."""
    return _in_tokyo(moment).strftime("%Y/%m/%d %H:%M")


def jst_date(moment: datetime) -> str:
    """Return the Japanese calendar day of an aware moment, `2026/11/22`."""
    return _in_tokyo(moment).strftime("%Y/%m/%d")


def iso(moment: datetime) -> str:
    """Return the moment for programs, as in `<time datetime>`: Japan time with its offset."""
    return _in_tokyo(moment).isoformat(timespec="seconds")


def postal(code: str) -> str:
    """Return seven digits as `〒150-0001`. Return other text unchanged, because foreign codes exist."""
    return f"〒{code[:3]}-{code[3:]}" if len(code) == 7 and code.isdigit() else code


def number(amount: int) -> str:
    """Return a count with thousands separators, `1,204`."""
    return f"{amount:,}"


def _in_tokyo(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment on a page must carry its time zone")
    return in_japan(moment)


FILTERS: dict[str, Callable[..., Any]] = {
    "yen": yen,
    "jst": jst,
    "jst_date": jst_date,
    "iso": iso,
    "postal": postal,
    "number": number,
}
