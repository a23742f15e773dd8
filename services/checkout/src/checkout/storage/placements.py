"""Which idempotency key placed which order, for good: a retry with the same key finds the first result."""

from dataclasses import dataclass
from datetime import datetime

from checkout.domain.purchase import Purchase
from shared.database import Tx
from shared.errors import Refused


@dataclass(frozen=True)
class Placement:
    """The answer to 「注文を確定する」. ``confirm_path``: where the buyer still has to go with the code."""

    order_code: str
    total: int
    confirm_path: str | None = None
    repeated: bool = False

    @property
    def next_path(self) -> str:
        """Return the page to show next."""
        if self.confirm_path is not None:
            return f"{self.confirm_path}?order={self.order_code}"
        return f"/orders/{self.order_code}"


async def take_key(tx: Tx, purchase: Purchase, *, order_code: str, at: datetime) -> bool:
    """Take the key for ``order_code``; False if it is taken. Waits for another transaction that holds it.

    Raises IntegrityError if the benefit or the wallet's session was used for another order already.
    """
    inserted = await tx.execute(
        "INSERT INTO placements"
        " (key, request_sha256, order_code, cart_id, benefit_reservation_id, wallet_session_id, placed_at)"
        " VALUES (:key, :sha256, :code, :cart_id, :benefit, :wallet, :at) ON CONFLICT (key) DO NOTHING",
        key=purchase.key,
        sha256=purchase.fingerprint,
        code=order_code,
        cart_id=purchase.cart_id,
        benefit=purchase.benefit.reservation_id if purchase.benefit else None,
        wallet=purchase.wallet.checkout_session_id if purchase.wallet else None,
        at=at,
    )
    return inserted.rowcount == 1


async def keep_answer(tx: Tx, key: str, placement: Placement) -> None:
    """Keep what is answered, so that every repetition of the request gets the same answer."""
    await tx.execute(
        "UPDATE placements SET total = :total, confirm_path = :confirm_path WHERE key = :key",
        key=key,
        total=placement.total,
        confirm_path=placement.confirm_path,
    )


async def find_placement(tx: Tx, purchase: Purchase) -> Placement:
    """Return the order that this key placed. Raises Refused(key_reused) if it was for something else."""
    row = await tx.row(
        "SELECT request_sha256, order_code, total, confirm_path FROM placements WHERE key = :key",
        key=purchase.key,
    )
    if row is None or row.request_sha256 != purchase.fingerprint:
        raise Refused(
            "key_reused",
            "同じ確認番号で内容の異なる注文が送信されました。",
            field="Idempotency-Key",
            status=422,
        )
    return Placement(row.order_code, row.total, row.confirm_path, repeated=True)


async def placement_of_order(tx: Tx, order_code: str) -> Placement | None:
    """Return the answer that was given when this order was placed; None for an unknown code."""
    row = await tx.row(
        "SELECT order_code, total, confirm_path FROM placements WHERE order_code = :code", code=order_code
    )
    return Placement(row.order_code, row.total, row.confirm_path, repeated=True) if row else None
