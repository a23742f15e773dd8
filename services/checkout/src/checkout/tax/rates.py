"""Rates of tax with the days from which they hold, typed as lines such as 「2019/10/01から10％」."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from shared.text.widths import half_width
from shared.web.fields import wrong

RATE_MAX = 50
RATES_MAX = 20
_RATE = re.compile(r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?(?:から|\s)\s*(\d{1,2})\s*[%％]?")


def _rate(typed: object) -> object:
    """Return the line in its stored form. Raises for a line that names no day and rate."""
    if not isinstance(typed, str):
        return typed
    found = _RATE.fullmatch(half_width(typed[:40]).strip())
    if not found:
        raise wrong(f"「{typed[:40]}」は「2019/10/01から10％」の形で入力してください")
    year, month, day, percent = map(int, found.groups())
    try:
        first = date(year, month, day)
    except ValueError:
        raise wrong(f"「{typed[:40]}」の日付は暦にありません") from None
    if percent > RATE_MAX:
        raise wrong(f"税率は0％から{RATE_MAX}％までの整数で入力してください")
    return f"{first:%Y/%m/%d}から{percent}％"


def _in_order(lines: list[str]) -> list[str]:
    """Return the lines by day. Raises without a line, and for a day with two rates."""
    if not lines:
        raise wrong("税率を1行以上入力してください")
    if len(lines) > RATES_MAX:
        raise wrong(f"税率は{RATES_MAX}行以内で入力してください")
    days = [line[:10] for line in lines]
    double = next((day for day in days if days.count(day) > 1), None)
    if double:
        raise wrong(f"{double}の税率が2行あります。1行にしてください")
    return sorted(lines)


DatedRates = Annotated[list[Annotated[str, BeforeValidator(_rate)]], AfterValidator(_in_order)]
"""Rates by day, in their stored form."""


def check_begun(lines: Sequence[str], day: date) -> None:
    """Refuse lines that all begin after ``day``: no rate would hold on it."""
    if not _begun(lines, day):
        raise wrong(f"本日（{day:%Y/%m/%d}）の税率がありません。現在の税率の行も残してください")


def rate_on(lines: Sequence[str], day: date, *, before: Sequence[str]) -> int:
    """Return the rate in percent on ``day``. The lines ``before`` hold until the first of ``lines`` begins."""
    return int((_begun(lines, day) or _begun(before, day) or before)[-1][12:].rstrip("％"))


def _begun(lines: Sequence[str], day: date) -> Sequence[str]:
    return [line for line in lines if line[:10] <= f"{day:%Y/%m/%d}"]
