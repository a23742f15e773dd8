"""Decides how the payment of an order moves when payments reports about its money."""

from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import Standing, only_spare
from checkout.orders.rules.states import TAKE_BACK_PART_OF_REFUND, TAKE_BACK_REFUND, Move
from shared.events import PaymentCaptured, PaymentRefunded, RefundTakenBack

WATCHED = ("awaited", "authorized", "lapsed", "voided")
"""States of a payment in which the end of its authorization matters."""


def money_move(order: Order, told: Standing) -> Move | None:
    """Return how the payment of ``order`` moves for the reported standing ``told``. Return None if it does not move.

    Only the standing reports a receipt that was taken back. Its order must then be paid again, also if money was
    refunded before. A method may accept less than the total as full payment, so only money that was here and has left
    counts.
    """
    if order.payment == "short":
        full = min(told.captured, told.kept) >= order.total
        return "capture" if full else None
    if order.payment not in ("captured", "refunded_in_part"):
        return None
    had = order.standing.captured if order.standing.revision else order.total
    if told.captured < min(had, order.total):
        return "take_back"
    return "refund" if told.refunded and told.refunded >= told.came else None


def overtaken(standing: Standing, event: PaymentCaptured) -> Move | None:
    """Return the later move of the money of ``event``, if payments reported it before this late event.

    Otherwise None.
    """
    if standing.money_at is None or standing.money_at <= event.occurred_at:
        return None
    if standing.refunded and not standing.money:
        return "refund"
    return "take_back" if standing.captured < event.amount else None


def void_move(order: Order) -> Move:
    """Return how the end of a hold or payment number moves the payment.

    An order that continues has lost its authorization, and staff can ask for a new one (AP-34).
    """
    if order.status != "cancelled" and order.payment in ("authorized", "lapsed"):
        return "lapse"
    return "void"


def refund_move(order: Order, event: PaymentRefunded) -> Move | None:
    """Return how a refund moves the payment. Return None if an order that continues only got its excess refunded."""
    if only_spare(event) and order.status != "cancelled":
        return None
    left = event.remaining_amount
    if not left:
        return "refund"
    if left >= order.total and order.status != "cancelled":
        return None
    return "refund_part"


def taken_back_refund_move(order: Order, event: RefundTakenBack) -> Move | None:
    """Return how the payment moves if a refund was not made after all. A part of the sale may remain refunded.

    Return None if none of this money is here: it was lost, or covers a loss. Return None, too, if an order that
    continues only had its excess reported as refunded.
    """
    if not event.remaining_amount or (only_spare(event) and order.status != "cancelled"):
        return None
    paid = min(order.standing.captured, order.total) if order.standing.revision else order.total
    return TAKE_BACK_REFUND if event.remaining_amount >= paid else TAKE_BACK_PART_OF_REFUND
