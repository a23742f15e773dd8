"""The settings of the calendar, and the delivery dates that follow from them (SHO-05)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from typing import Self

import holidays
from pydantic import model_validator

from checkout.calendar.days import CutOff, Days, MoreDays, covers, is_after, more_days_to
from shared.clock import in_japan
from shared.shop.settings.group import Group, setting
from shared.web.fields import Pieces, wrong

DAYS_LOOKED_AHEAD = 400
_DAY = timedelta(days=1)


def _weekday(name: str, *, section: str = "") -> bool:
    closed: bool = setting(
        False, section=section, label=f"{name}を定休日にする", listed=name, yes="休業", no="営業"
    )
    return closed


class CalendarSettings(Group, key="calendar"):
    """When the shop ships. By default it ships every day, and buyers choose no delivery date."""

    offers_dates: bool = setting(
        False,
        section="お届け日",
        label="お届け日の指定を受け付ける",
        hint="注文確認の画面で、お届け希望日を選べるようになります。前払いのお支払い方法では指定できません。",
        listed="お届け日の指定",
        yes="受け付ける",
        no="受け付けない",
    )
    days_offered: Pieces = setting(
        14, label="選べる日数", hint="最短のお届け日から数えます。", unit="日", ge=1, le=60
    )
    cut_off: CutOff = setting(
        "",
        section="発送",
        label="当日受付の締切時刻",
        hint="この時刻を過ぎたご注文は、次の営業日に受け付けたものとして数えます。例：17:00。空欄の場合、締切はありません。",
        empty="なし",
    )
    days_to_ship: Pieces = setting(
        0,
        label="発送までの営業日数",
        hint="受付日の当日に発送する場合は0。",
        unit="営業日",
        ge=0,
        le=60,
    )
    days_on_the_way: Pieces = setting(
        1, label="発送からお届けまでの日数", hint="配送会社の日数（暦日）。", unit="日", ge=0, le=14
    )
    farther: MoreDays = setting(
        [],
        label="お届けに日数がかかる地域",
        hint="1行に1つ、都道府県と追加の日数を「沖縄県 2」の形で入力します。",
    )
    closed_monday: bool = _weekday("月曜日", section="休業日")
    closed_tuesday: bool = _weekday("火曜日")
    closed_wednesday: bool = _weekday("水曜日")
    closed_thursday: bool = _weekday("木曜日")
    closed_friday: bool = _weekday("金曜日")
    closed_saturday: bool = _weekday("土曜日")
    closed_sunday: bool = _weekday("日曜日")
    closed_holidays: bool = setting(
        False,
        label="祝日を休業日にする",
        hint="国民の祝日・振替休日・国民の休日。",
        listed="祝日",
        yes="休業",
        no="営業",
    )
    closed_days: Days = setting(
        [],
        label="臨時休業日",
        hint="1行に1つ、「2026/12/29」または「2026/12/29〜2027/01/03」の形で入力します。",
    )
    open_days: Days = setting(
        [], label="臨時営業日", hint="定休日や祝日でも営業する日。臨時休業日と重なる日は休業します。"
    )

    @model_validator(mode="after")
    def _opens_some_day(self) -> Self:
        """Refuse a week without an open day: no delivery date would follow."""
        if all(self._weekdays):
            raise wrong("すべての曜日が定休日です。営業する曜日を1日以上残してください")
        return self

    @property
    def _weekdays(self) -> Sequence[bool]:
        """Return whether the shop is closed, from Monday to Sunday."""
        return (
            self.closed_monday,
            self.closed_tuesday,
            self.closed_wednesday,
            self.closed_thursday,
            self.closed_friday,
            self.closed_saturday,
            self.closed_sunday,
        )

    def is_open(self, day: date) -> bool:
        """Return whether the shop ships on ``day``."""
        if covers(self.closed_days, day):
            return False
        if covers(self.open_days, day):
            return True
        return not (self._weekdays[day.weekday()] or (self.closed_holidays and day in _holidays()))

    def accepted_on(self, moment: datetime) -> date | None:
        """Return the open day to which an order at ``moment`` counts. None if no open day comes for long."""
        local = in_japan(moment)
        late = is_after(self.cut_off, local.time())
        return self._open_from(local.date() + _DAY if late else local.date())

    def earliest(self, moment: datetime, prefecture: str) -> date | None:
        """Return the first day on which an order at ``moment`` can be delivered to a prefecture."""
        day = self.accepted_on(moment)
        for _ in range(self.days_to_ship):
            day = self._open_from(day + _DAY) if day else None
        if day is None:
            return None
        return day + self.days_on_the_way * _DAY + more_days_to(self.farther, prefecture)

    def dates(self, moment: datetime, prefecture: str) -> Sequence[date]:
        """Return the delivery dates that a buyer may choose."""
        first = self.earliest(moment, prefecture) if self.offers_dates else None
        return [first + ahead * _DAY for ahead in range(self.days_offered)] if first else []

    def _open_from(self, day: date) -> date | None:
        found = (day + ahead * _DAY for ahead in range(DAYS_LOOKED_AHEAD))
        return next((one for one in found if self.is_open(one)), None)


@cache
def _holidays() -> holidays.HolidayBase:
    """Return the holidays of Japan. The library computes a year when it is first asked for."""
    return holidays.country_holidays("JP")
