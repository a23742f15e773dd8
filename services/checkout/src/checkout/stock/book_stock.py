"""Staff receive, correct and count stock. Each booking is an entry of the ledger with who did it and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from checkout.stock.booked_labels import BOOKED, BookedReason
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import StockBooked
from shared.ids import new_id

STOCK_MAX = 9_999_999
ReceiptCause = Literal["仕入", "返品からの戻し", "棚卸による追加"]
CorrectionCause = Literal["破損・汚損", "紛失", "見本・撮影", "社内使用", "登録の誤り", "その他"]


DeedFields = Mapping[str, Any]
"""The fields of an event for 操作の記録 that name the person (:func:`shared.web.deeds.done_by`)."""


@dataclass(frozen=True, slots=True)
class Doer:
    """Who books: the name in the ledger, and the fields of the event for 操作の記録, empty if no staff did it."""

    name: str
    fields: DeedFields = field(default_factory=dict)

    def say(self, tx: Tx, subject: str, *, before: str, after: str) -> None:
        """Publish the deed."""
        if self.fields:
            tx.say(StockBooked(**self.fields, subject=subject, before=before, after=after))


async def receive_goods(
    tx: Tx, *, sku: str, pieces: int, cause: ReceiptCause, memo: str, key: str, by: Doer, at: datetime
) -> int:
    """Add ``pieces`` of a product to its stock. Return the pieces for sale after it.

    The same ``key`` books once, however often the form is submitted. Raises Refused (404) for an unknown product, and
    Refused at ``pieces`` for a number above the maximum. Raises Refused(recorded_already) for a ``key`` that booked
    something else.
    """
    shelf = await _lock(tx, sku, f"received-{key}")
    return await shelf.book("received", pieces, _note(cause, memo), by=by, at=at)


async def correct_stock(
    tx: Tx, *, sku: str, change: int, cause: CorrectionCause, memo: str, key: str, by: Doer, at: datetime
) -> int:
    """Add ``change``, which may be negative, to the pieces for sale. Return those after it.

    Raises Refused at ``change`` if fewer pieces would be left than are reserved for orders, and as
    :func:`receive_goods` does.
    """
    shelf = await _lock(tx, sku, f"corrected-{key}")
    return await shelf.book("corrected", change, _note(cause, memo), by=by, at=at, place="change")


async def count_stock(
    tx: Tx, *, sku: str, counted: int, memo: str, key: str, by: Doer, at: datetime
) -> tuple[int, int]:
    """Book the pieces that staff counted, those reserved for orders included. Return the difference and the pieces for sale.

    A count without a difference is booked too. Raises Refused at ``counted`` as :func:`correct_stock` does.
    """
    shelf = await _lock(tx, sku, f"counted-{key}")
    difference = counted - shelf.available - shelf.reserved
    note = _note(f"実数 {counted:,}個", memo)
    available = await shelf.book("counted", difference, note, by=by, at=at, place="counted")
    return available - shelf.available, available


async def set_low_mark(tx: Tx, *, sku: str, low_at: int, by: Doer) -> None:
    """Set the number of pieces from which down a product is on the list of low stock."""
    before = await tx.value("SELECT low_at FROM stock WHERE sku = :sku FOR UPDATE", sku=sku)
    if before is None:
        raise _unknown(sku)
    if before == low_at:
        return
    await tx.execute("UPDATE stock SET low_at = :low_at WHERE sku = :sku", low_at=low_at, sku=sku)
    by.say(tx, f"{sku}：在庫わずかの目安 {before}個 → {low_at}個", before=f"{before}個", after=f"{low_at}個")


def _note(cause: str, memo: str) -> str:
    return f"{cause}：{memo}" if memo else cause


def _unknown(sku: str) -> Refused:
    return Refused("product_unknown", f"商品 {sku} はありません。", status=404)


@dataclass(frozen=True, slots=True)
class _Booked:
    sku: str
    change: int
    note: str


@dataclass(frozen=True, slots=True)
class _LockedShelf:
    """The stock of a product, locked, and the entry that its reference already booked."""

    tx: Tx
    sku: str
    reference: str
    name: str
    available: int
    reserved: int

    async def book(
        self,
        reason: BookedReason,
        change: int,
        note: str,
        *,
        by: Doer,
        at: datetime,
        place: str = "pieces",
    ) -> int:
        """Book ``change`` once per reference. Return the pieces for sale after it."""
        booked = await self._booked(reason)
        if booked is not None:
            # A repeated count finds no difference any more; its note has the counted number.
            same = booked.change == change or reason == "counted"
            if not same or (booked.sku, booked.note) != (self.sku, note):
                raise Refused(
                    "recorded_already", f"この{BOOKED[reason]}は記録済みです。最新の内容を確認してください。"
                )
            return self.available
        self._check(change, place)
        await self.tx.execute(
            "INSERT INTO stock_entries"
            ' (entry_id, sku, reason, reference, available_change, reserved_change, at, note, "by")'
            " VALUES (:id, :sku, :reason, :reference, :change, 0, :at, :note, :by)",
            id=new_id(),
            sku=self.sku,
            reason=reason,
            reference=self.reference,
            change=change,
            at=at,
            note=note,
            by=by.name,
        )
        available = await self.tx.value(
            "UPDATE stock SET available = available + :change WHERE sku = :sku RETURNING available",
            change=change,
            sku=self.sku,
        )
        by.say(
            self.tx,
            f"{self.sku} {self.name}：{BOOKED[reason]} {change:+,}個（{note}）",
            before=f"販売可能 {self.available:,}個",
            after=f"販売可能 {available:,}個",
        )
        return int(available)

    def _check(self, change: int, place: str) -> None:
        if self.available + change < 0:
            message = (
                f"注文に引き当てた{self.reserved:,}個を下回るため、登録できません。"
                f"減らせるのは販売可能な{self.available:,}個までです"
            )
            raise Refused("below_reserved", message, field=place, status=422)
        if self.available + change > STOCK_MAX:
            message = f"在庫は{STOCK_MAX:,}個までです。数を確認してください"
            raise Refused("stock_too_large", message, field=place, status=422)

    async def _booked(self, reason: BookedReason) -> _Booked | None:
        return await self.tx.read_one(
            _Booked,
            "SELECT sku, available_change AS change, note FROM stock_entries"
            " WHERE reference = :reference AND reason = :reason ORDER BY sku <> :sku LIMIT 1",
            reference=self.reference,
            reason=reason,
            sku=self.sku,
        )


async def _lock(tx: Tx, sku: str, reference: str) -> _LockedShelf:
    """Lock the stock of a product. Two bookings with one ``reference`` at the same moment wait for each other."""
    await tx.execute("SELECT pg_advisory_xact_lock(5, hashtext(:reference))", reference=reference)
    row = await tx.row(
        "SELECT p.name, s.available, s.reserved FROM stock s JOIN products p USING (sku) WHERE s.sku = :sku"
        " FOR UPDATE OF s",
        sku=sku,
    )
    if row is None:
        raise _unknown(sku)
    return _LockedShelf(tx, sku, reference, row.name, row.available, row.reserved)
