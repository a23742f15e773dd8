"""What payments told of the money of an order beside the straight way, and what follows for its standing."""

from dataclasses import replace
from datetime import datetime

from checkout.orders.order import Order, Standing
from checkout.orders.states import Move
from shared.events import (
    AuthorizationEnded,
    PaymentCaptured,
    PaymentRefunded,
    PaymentStandingChanged,
    RefundTakenBack,
)

WATCHED = ("awaited", "authorized", "lapsed", "voided")
"""States of a payment in which the end of its authorization matters."""


def is_news(standing: Standing, event: PaymentStandingChanged) -> bool:
    """Tell whether ``event`` is newer than what is known: the higher revision is."""
    return event.revision > standing.revision


def told_by_payments(standing: Standing, event: PaymentStandingChanged) -> Standing:
    """Return the standing as ``event`` tells it whole."""
    told = replace(
        standing,
        revision=event.revision,
        calls=tuple(dict.fromkeys(event.calls)),
        captured=event.captured_amount,
        suspense=event.suspense_amount,
        refunded=event.refunded_amount,
        charged_back=event.charged_back_amount,
        elsewhere=event.refunded_elsewhere_amount,
        lost=event.lost_amount,
        respond_by=event.respond_by,
    )
    money = event.captured_amount + event.suspense_amount - event.refunded_amount
    return _money_told(told, max(money, 0), event.occurred_at)


def told_by_refund(standing: Standing, event: PaymentRefunded | RefundTakenBack) -> Standing:
    """Return the standing after money went back, or had not after all; of money that was spare, it is told by the next standing."""
    if event.remaining_amount is None or _only_spare(event):
        return standing
    return _money_told(standing, event.remaining_amount, event.occurred_at)


def told_by_capture(standing: Standing, event: PaymentCaptured) -> Standing:
    """Return the standing after the money of the order came in: at least this much is with us."""
    return replace(
        standing,
        captured=max(standing.captured, event.amount),
        money=max(standing.money or 0, event.amount),
    )


def overtaken(standing: Standing, event: PaymentCaptured) -> Move | None:
    """Return how the money of ``event`` left again, where payments told of that before: it came late."""
    if standing.money_at is None or standing.money_at <= event.occurred_at:
        return None
    if standing.refunded and not standing.money:
        return "refund"
    return "take_back" if standing.captured < event.amount else None


def money_move(order: Order, told: Standing) -> Move | None:
    """Return how the payment of ``order`` moves by what is ``told`` of its money; None while it keeps it.

    A receipt that was taken back is told by the standing alone: its order is to be paid again, whatever had been given
    back of it before. Less than the total may be taken for the
    whole: only what was there and is gone counts.
    """
    if order.payment == "short":
        full = min(told.captured, told.captured + told.suspense - told.refunded) >= order.total
        return "capture" if full else None
    if order.payment not in ("captured", "refunded_in_part"):
        return None
    had = order.standing.captured if order.standing.revision else order.total
    if told.captured < min(had, order.total):
        return "take_back"
    return "refund" if told.refunded and told.refunded >= told.captured + told.suspense else None


def lapsed(order: Order, event: AuthorizationEnded) -> Standing:
    """Return the standing after an authorization ended; a wish for a new one is answered by it."""
    return replace(order.standing, may_reauthorize=event.may_reauthorize, reauthorization_requested_at=None)


def covered_again(order: Order) -> Standing:
    """Return the standing after a new authorization took the place of the one that ended."""
    return replace(order.standing, may_reauthorize=False, reauthorization_requested_at=None)


def refund_move(order: Order, event: PaymentRefunded) -> Move | None:
    """Return how a refund moves the payment; None where only what was spare of an order that goes on went back."""
    if _only_spare(event) and order.status != "cancelled":
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
    if _only_spare(event) and order.status != "cancelled":
        return None
    paid = min(order.standing.captured, order.total) if order.standing.revision else order.total
    return "undo_refund" if event.remaining_amount >= paid else "undo_refund_part"


def _only_spare(event: PaymentRefunded | RefundTakenBack) -> bool:
    return event.amount == event.spare_amount


def _money_told(standing: Standing, money: int, at: datetime) -> Standing:
    if standing.money_at is not None and standing.money_at > at:
        return standing
    return replace(standing, money=money, money_at=at)
