"""The permanent record of which idempotency key placed which order.

A retry with the same key finds the first result.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import IntegrityConstraintViolationError

from checkout.placing.order_wish import OrderWish
from checkout.placing.tables import placements
from shared.database.bulk import insert_all
from shared.database.sql import columns_of
from shared.database.transactions import Tx
from shared.errors import Refused

_ONCE_ONLY = {
    "placements_benefit_once": Refused(
        "benefit_used",
        "このポイントまたはクーポンはすでに別のご注文に使われています。もう一度指定してください。",
    ),
    "placements_wallet_once": Refused(
        "wallet_used",
        "この画面でのお支払いはすでに完了しています。カートからやり直してください。",
    ),
}


@dataclass(frozen=True)
class Placement:
    """The response to 「注文を確定する」. ``confirm_path`` is the page that the buyer must still visit with the code."""

    order_code: str
    total: int
    confirm_path: str | None = None
    repeated: bool = False

    @property
    def next_path(self) -> str:
        """Return the path of the next page."""
        if self.confirm_path is not None:
            return f"{self.confirm_path}?order={self.order_code}"
        return f"/orders/{self.order_code}"


async def take_keys(tx: Tx, wanted: Sequence[tuple[OrderWish, Placement]], *, at: datetime) -> dict[str, int]:
    """Insert the keys for their orders with the response of each. Return the inserted keys with a number each.

    Waits for another transaction that holds one of the keys. Raises IntegrityConstraintViolationError if another order
    already used a benefit or a wallet's session.
    """
    taken = await insert_all(
        tx,
        placements,
        [
            {
                "key": wish.key,
                "request_sha256": wish.fingerprint,
                "order_code": placement.order_code,
                "cart_id": wish.cart_id,
                "benefit_reservation_id": wish.benefit.reservation_id if wish.benefit else None,
                "wallet_session_id": wish.wallet.checkout_session_id if wish.wallet else None,
                "placed_at": at,
                "total": placement.total,
                "confirm_path": placement.confirm_path,
            }
            # All code uses the same order, so that two transactions with the same keys wait and never deadlock.
            for wish, placement in sorted(wanted, key=lambda one: one[0].key)
        ],
        skip_known="key",
        returning="key, nextval('order_numbers') AS number",
    )
    return {row.key: row.number for row in taken}


async def find_placements(tx: Tx, wishes: Sequence[OrderWish]) -> dict[str, Placement | Refused]:
    """Return the orders that these keys placed. A key used for another order wish returns Refused(key_reused)."""
    if not wishes:
        return {}
    found = await tx.read(
        _Kept,
        f"SELECT {columns_of(_Kept)} FROM placements WHERE key = ANY(:keys)",  # noqa: S608 - our own column names
        keys=[wish.key for wish in wishes],
    )
    known = {one.key: one for one in found}
    return {wish.key: _found(known[wish.key], wish) for wish in wishes if wish.key in known}


@dataclass(frozen=True, slots=True)
class _Kept:
    key: str
    request_sha256: str
    order_code: str
    total: int
    confirm_path: str | None


def _found(kept: _Kept, wish: OrderWish) -> Placement | Refused:
    if kept.request_sha256 != wish.fingerprint:
        return Refused(
            "key_reused",
            "同じ確認番号で内容の異なる注文が送信されました。",
            field="Idempotency-Key",
            status=422,
        )
    return Placement(kept.order_code, kept.total, kept.confirm_path, repeated=True)


async def placement_of_order(tx: Tx, order_code: str) -> Placement | None:
    """Return the response that placing this order gave. Return None for an unknown code."""
    return await tx.read_one(
        Placement,
        "SELECT order_code, total, confirm_path, true AS repeated FROM placements WHERE order_code = :code",
        code=order_code,
    )


async def cart_of_order(tx: Tx, order_code: str) -> UUID | None:
    """Return the cart from which the order was placed, or None."""
    found: UUID | None = await tx.value(
        "SELECT cart_id FROM placements WHERE order_code = :code", code=order_code
    )
    return found


def used_twice(error: IntegrityConstraintViolationError) -> Refused | None:
    """Return the refusal for a statement of the buyer that was used twice.

    Return None for any other broken constraint, which is a bug.
    """
    return _ONCE_ONLY.get(error.constraint_name or "")
