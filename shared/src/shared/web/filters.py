"""Template filters: money, times and codes as every page writes them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.clock import in_japan


def yen(amount: int) -> str:
    """Integer yen as `¥12,800`; a discount as `−¥500` with a real minus sign."""
    sign = "−" if amount < 0 else ""
    return f"{sign}¥{abs(amount):,}"


def jst(moment: datetime) -> str:
    """An aware moment in Japan time, `2026/11/22 14:05`. A naive one raises ValueError: it has no meaning."""
    return _in_tokyo(moment).strftime("%Y/%m/%d %H:%M")


def jst_date(moment: datetime) -> str:
    """The Japanese calendar day of an aware moment, `2026/11/22`."""
    return _in_tokyo(moment).strftime("%Y/%m/%d")


def iso(moment: datetime) -> str:
    """The moment for machines, as in `<time datetime>`; Japan time with its offset."""
    return _in_tokyo(moment).isoformat(timespec="seconds")


def postal(code: str) -> str:
    """Seven digits as `〒150-0001`. Any other text is returned unchanged, because foreign codes exist."""
    return f"〒{code[:3]}-{code[3:]}" if len(code) == 7 and code.isdigit() else code


def number(amount: int) -> str:
    """A count with thousands separators, `1,204`."""
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
