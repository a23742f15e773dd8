"""領収書: what the shop received for an order. With a registration number it is a 適格簡易請求書 (TAX-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from checkout.orders.stored_order import OrderedLine, StoredOrder
from checkout.pricing.lines import amount_lines
from shared.clock import in_japan
from shared.errors import Refused
from shared.events import TaxedAmount
from shared.shop.taxes import taxes_after


@dataclass(frozen=True, slots=True)
class Receipt:
    """The content of a receipt: goods, the parts of the total, and the total by rate of tax; yen.

    ``received_on`` is the day of the deposit.
    """

    order: StoredOrder
    received_on: date
    goods: Sequence[OrderedLine]
    parts: Sequence[tuple[str, int, str]]
    taxes: Sequence[TaxedAmount]
    total: int


def may_be_receipted(order: StoredOrder) -> bool:
    """Return whether the order has a receipt: all its money came, none went back, and it knows its taxes.

    For money that is paid at the door, the carrier's slip is the receipt.
    """
    paid = order.deposit == "paid" and order.payment == "captured" and order.status != "cancelled"
    return bool(paid and order.total and order.taxes)


def receipt_of(order: StoredOrder, goods: Sequence[OrderedLine], *, waived: int) -> Receipt:
    """Return the receipt of an order of which the shop did not claim ``waived`` yen. Raises Refused without one."""
    if not may_be_receipted(order):
        raise Refused(
            "receipt_not_ready",
            "このご注文の領収書は発行できません。ご入金の確認後に発行できます。",
            status=409,
        )
    parts = amount_lines(order.amounts, order.coupon_name or "")
    return Receipt(
        order=order,
        received_on=order.deposit_date or in_japan(order.placed_at).date(),
        goods=goods,
        parts=[*parts, ("ご請求しない差額", -waived, "")] if waived else parts,
        taxes=taxes_after(order.amounts, waived),
        total=order.total - waived,
    )
