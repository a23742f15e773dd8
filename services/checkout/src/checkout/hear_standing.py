"""What payments told of the money of an order beside the straight way, and what follows for its standing."""

from dataclasses import replace
from datetime import datetime

from checkout.domain.order import Move, Order, Standing
from shared.events import AuthorizationEnded, PaymentCaptured, PaymentRefunded, PaymentStandingChanged

WATCHED = ("awaited", "authorized", "lapsed")
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
        respond_by=event.respond_by,
    )
    money = event.captured_amount + event.suspense_amount - event.refunded_amount
    return _money_told(told, max(money, 0), event.occurred_at)


def told_by_refund(standing: Standing, event: PaymentRefunded) -> Standing:
    """Return the standing after money went back."""
    if event.remaining_amount is None:
        return standing
    return _money_told(standing, event.remaining_amount, event.occurred_at)


def told_by_capture(standing: Standing, event: PaymentCaptured) -> Standing:
    """Return the standing after the money of the order came in: at least this much is with us."""
    return replace(standing, money=max(standing.money or 0, event.amount))


def lapsed(order: Order, event: AuthorizationEnded) -> Standing:
    """Return the standing after an authorization ended; a wish for a new one is answered by it."""
    return replace(order.standing, may_reauthorize=event.may_reauthorize, reauthorization_requested_at=None)


def covered_again(order: Order) -> Standing:
    """Return the standing after a new authorization took the place of the one that ended."""
    return replace(order.standing, may_reauthorize=False, reauthorization_requested_at=None)


def refund_move(order: Order, event: PaymentRefunded) -> Move | None:
    """Return how a refund moves the payment; None where only what was too much went back."""
    left = event.remaining_amount
    if not left:
        return "refund"
    if left >= order.total and order.status != "cancelled":
        return None
    return "refund_part"


def _money_told(standing: Standing, money: int, at: datetime) -> Standing:
    if standing.money_at is not None and standing.money_at > at:
        return standing
    return replace(standing, money=money, money_at=at)
