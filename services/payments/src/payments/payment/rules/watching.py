"""When to look at a payment unasked, and what has to be known of its method for that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from payments.payment.rules.moves import OVER, State
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms

DAY = timedelta(days=1)
DAILY_AFTER_RECEIPT = timedelta(days=3)
DOUBTED_PAUSE = timedelta(minutes=10)


class MethodFacts(Protocol):
    """What a payment has to know of its method; :class:`payments.methods.method.Method` tells more."""

    @property
    def terms(self) -> Terms:
        """Return how orders of the method run."""
        ...

    @property
    def poll_seconds(self) -> Mapping[State, float]:
        """Return how often, per state, the provider is asked anyway."""
        ...

    @property
    def look_after(self) -> timedelta:
        """Return how long money is still looked for after the deadline or after it came."""
        ...


def next_look_at(payment: Payment, method: MethodFacts, at: datetime) -> datetime | None:
    """Return when to look at a payment unasked: at its deadline, when it is time to poll the provider, when its hold
    may not be captured any more, or ever more rarely for money on a number that is paid, cancelled or expired, for what
    becomes of money that came in, and for what others take where a hold is over, until nobody expects any."""
    pause = method.poll_seconds.get(payment.state)
    looks = [at + timedelta(seconds=pause)] if pause is not None else []
    until = payment.holds_until(method.terms)
    if payment.state == "authorized" and until is not None:
        looks.append(max(until + timedelta(seconds=1), at + timedelta(seconds=1)))
    if payment.contradicted:
        looks.append(at + DOUBTED_PAUSE)
    if payment.number is not None:
        deadline = payment.number.due_at + method.terms.grace
        if payment.state == "waiting":
            looks.append(max(deadline, at + DOUBTED_PAUSE) if payment.contradicted else deadline)
        else:
            looks += _ever_more_rarely(at, deadline, deadline + method.look_after)
    elif (since := _may_move_since(payment)) is not None:
        looks += _ever_more_rarely(at, since + DAILY_AFTER_RECEIPT, since + method.look_after)
    return min(looks, default=None)


def _may_move_since(payment: Payment) -> datetime | None:
    """Return since when money may come or go without us: since it came, or since the buyer agreed, where a hold is over but
    others may still charge that agreement. None where neither is so."""
    if payment.received_at is not None and payment.received_amount > 0:
        return payment.received_at
    held_once = payment.authorization_id and payment.state in OVER
    return (payment.reauthorized_at or payment.placed_at) if held_once else None


def _ever_more_rarely(at: datetime, since: datetime, end: datetime) -> list[datetime]:
    """Daily until ``since`` and a day beyond; then each pause is as long as all since then; the last look at ``end``."""
    return [min(at + max(DAY, at - since), end)] if at < end else []
