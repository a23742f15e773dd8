"""Days, times and prefectures as staff type them into the calendar, one a line."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from shared.text.prefectures import PREFECTURES
from shared.text.widths import half_width
from shared.web.fields import wrong

DAYS_OF_RANGE_MAX = 60
LINES_MAX = 100
MORE_DAYS_MAX = 14
_DAY = re.compile(r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?")
_TIME = re.compile(r"(\d{1,2})[:：時](\d{2})分?")
_MORE = re.compile(r"(\S+?)\s*\+?(\d{1,2})日?")


def _day(typed: str) -> date:
    found = _DAY.fullmatch(typed.strip())
    if not found:
        raise wrong(f"「{typed}」は「2026/12/29」または「2026/12/29〜2027/01/03」の形で入力してください")
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise wrong(f"「{typed}」は暦にない日付です") from None


def _days(typed: object) -> object:
    """Return a day or a range of days in its stored form."""
    if not isinstance(typed, str):
        return typed
    parts = re.split(r"[〜～~]", half_width(typed[:60]))
    if len(parts) > 2:
        raise wrong(f"「{typed[:60]}」は「2026/12/29〜2027/01/03」の形で入力してください")
    first, last = _day(parts[0]), _day(parts[-1])
    if last < first:
        raise wrong(f"「{typed[:60]}」の終わりの日は、初日以降にしてください")
    if (last - first).days >= DAYS_OF_RANGE_MAX:
        raise wrong(f"「{typed[:60]}」の期間は、初日から{DAYS_OF_RANGE_MAX}日以内で入力してください")
    return "〜".join(f"{day:%Y/%m/%d}" for day in dict.fromkeys((first, last)))


def _cut_off(typed: object) -> object:
    if not isinstance(typed, str) or not typed.strip():
        return ""
    found = _TIME.fullmatch(half_width(typed[:20]).strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise wrong("締切時刻は「17:00」の形で入力してください")
    return f"{int(found[1]):02}:{found[2]}"


def _more_days(typed: object) -> object:
    """Return a prefecture with its further days in the stored form."""
    if not isinstance(typed, str):
        return typed
    found = _MORE.fullmatch(half_width(typed[:40]).strip())
    if not found or found[1] not in PREFECTURES:
        raise wrong(f"「{typed[:40]}」は「沖縄県 2」の形（都道府県と日数）で入力してください")
    if not 1 <= int(found[2]) <= MORE_DAYS_MAX:
        raise wrong(f"追加の日数は1日から{MORE_DAYS_MAX}日で入力してください")
    return f"{found[1]} {int(found[2])}"


def _few(lines: list[str]) -> list[str]:
    if len(lines) > LINES_MAX:
        raise wrong(f"{LINES_MAX}行以内で入力してください")
    return sorted(set(lines))


def _one_each(lines: list[str]) -> list[str]:
    names = [line.split()[0] for line in lines]
    double = next((name for name in names if names.count(name) > 1), None)
    if double:
        raise wrong(f"{double}が2行あります。1行にしてください")
    return lines


Days = Annotated[list[Annotated[str, BeforeValidator(_days)]], AfterValidator(_few)]
"""Days and ranges of days, in their stored form."""
CutOff = Annotated[str, BeforeValidator(_cut_off)]
"""A time of day such as 17:00; empty for none."""
MoreDays = Annotated[
    list[Annotated[str, BeforeValidator(_more_days)]], AfterValidator(_one_each), AfterValidator(_few)
]
"""Prefectures with the further days that parcels need to them."""


def covers(lines: Iterable[str], day: date) -> bool:
    """Return whether one of ``lines`` names ``day`` or a range with it."""
    named = f"{day:%Y/%m/%d}"
    return any(line[:10] <= named <= line[-10:] for line in lines)


def is_after(cut_off: str, local: time) -> bool:
    """Return whether ``local`` is later than the cut-off. An order at the very second is in time."""
    return bool(cut_off) and local > time.fromisoformat(cut_off)


def more_days_to(lines: Iterable[str], prefecture: str) -> timedelta:
    """Return the further days that a parcel needs to a prefecture."""
    found = [int(line.split()[1]) for line in lines if line.split()[0] == prefecture]
    return timedelta(days=sum(found))
