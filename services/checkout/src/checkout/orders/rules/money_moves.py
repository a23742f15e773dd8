"""How the payment of an order moves by what payments told of its money."""

from checkout.orders.rules.order import Order
from checkout.orders.rules.standing import Standing, only_spare
from checkout.orders.rules.states import Move
from shared.events import PaymentCaptured, PaymentRefunded, RefundTakenBack

WATCHED = ("awaited", "authorized", "lapsed", "voided")
"""States of a payment in which the end of its authorization matters."""


def money_move(order: Order, told: Standing) -> Move | None:
    """Return how the payment of ``order`` moves by what is ``told`` of its money; None while it keeps it.

    A receipt that was taken back is told by the standing alone: its order is to be paid again, whatever had been given
    back of it before. Less than the total may be taken for the
    whole: only what was there and is gone counts.
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
    """Return how the money of ``event`` left again, where payments told of that before: it came late."""
    if standing.money_at is None or standing.money_at <= event.occurred_at:
        return None
    if standing.refunded and not standing.money:
        return "refund"
    return "take_back" if standing.captured < event.amount else None


def refund_move(order: Order, event: PaymentRefunded) -> Move | None:
    """Return how a refund moves the payment; None where only what was spare of an order that goes on went back."""
    if only_spare(event) and order.status != "cancelled":
        return None
    left = event.remaining_amount
    if not left:
        return "refund"
    if left >= order.total and order.status != "cancelled":
        return None
    return "refund_part"


def undo_move(order: Order, event: RefundTakenBack) -> Move | None:
    """Return how the payment moves where a refund had not been made: nothing of the sale is given back any more, or a part.

    None where only what was spare of an order that goes on had been told as given back.
    """
    if only_spare(event) and order.status != "cancelled":
        return None
    paid = min(order.standing.captured, order.total) if order.standing.revision else order.total
    return "undo_refund" if event.remaining_amount >= paid else "undo_refund_part"
