"""The settings that the pages of the shop and placing orders need, with one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from checkout.calendar.rules import CalendarSettings
from checkout.payment_menu.rules import Menu
from checkout.shop.identity import IdentitySettings
from checkout.shop.law import LawSettings, missing_labels
from checkout.shop.rules import ShopSettings
from checkout.tax.rules import TaxSettings
from shared.database.transactions import Tx
from shared.shop.settings.rows import of_stored, stored_sql

FRONT_SQL = (
    f"{stored_sql(ShopSettings)} AS settings, {stored_sql(LawSettings)} AS law,"
    f" {stored_sql(IdentitySettings)} AS identity, {stored_sql(TaxSettings)} AS tax,"
    f" {stored_sql(CalendarSettings)} AS calendar"
)
"""The columns from which :func:`front_of` reads."""


@dataclass(frozen=True, slots=True)
class ShopFront:
    """The settings of the shop in force."""

    settings: ShopSettings
    law: LawSettings
    identity: IdentitySettings
    tax: TaxSettings
    calendar: CalendarSettings

    def missing(self, menu: Menu) -> Sequence[str]:
        """Return what 特定商取引法に基づく表記 still lacks, as labels for staff (SHO-02)."""
        methods = [] if menu.methods else ["お支払い方法"]
        return [*missing_labels(self.identity), *missing_labels(self.law), *methods]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the shop must be complete before it takes an order: a live shop, not a sandbox."""

    live: bool

    def keeps_shut(self, front: ShopFront, menu: Menu) -> bool:
        """Return whether the shop takes no orders yet."""
        return self.live and bool(front.missing(menu))


def front_of(row: Any) -> ShopFront:
    """Return the settings of a row with the columns of ``FRONT_SQL``."""
    return ShopFront(
        of_stored(ShopSettings(), row.settings),
        of_stored(LawSettings(), row.law),
        of_stored(IdentitySettings(), row.identity),
        of_stored(TaxSettings(), row.tax),
        of_stored(CalendarSettings(), row.calendar),
    )


async def read_front(tx: Tx) -> ShopFront:
    """Return the settings of the shop in force."""
    return front_of(await tx.row(f"SELECT {FRONT_SQL}"))
