"""When Noren looks a payment up without a request or notice, and which facts of the method this needs."""

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
    """What the rules need to know of a payment's method; :class:`payments.methods.method.Method` has more."""

    @property
    def terms(self) -> Terms:
        """Return how orders of the method run."""
        ...

    @property
    def poll_seconds(self) -> Mapping[State, float]:
        """Return for each state the pause in seconds after which the provider is asked anyway."""
        ...

    @property
    def look_after(self) -> timedelta:
        """Return how long Noren looks for money after the deadline, or after the money came."""
        ...


def next_look_at(payment: Payment, method: MethodFacts, at: datetime) -> datetime | None:
    """Return when to look the payment up next, or None. The earliest of these moments counts:

    - the deadline of the number;
    - the next poll of the provider;
    - the moment after which the hold may not be captured any more;
    - ten minutes later, while the payment is contradicted;
    - daily, then after growing pauses: for money on a number that is paid, cancelled or expired, for refunds of money
      that came in, and for charges of others after a hold ended. The last one is ``look_after`` later.
    """
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
    """Return since when money may move without Noren, or None.

    This is the moment when the money came. After a hold ended, others may still charge the agreement; then it is the
    moment of the agreement.
    """
    if payment.received_at is not None and payment.received_amount > 0:
        return payment.received_at
    held_once = payment.authorization_id and payment.state in OVER
    return (payment.reauthorized_at or payment.placed_at) if held_once else None


def _ever_more_rarely(at: datetime, since: datetime, end: datetime) -> list[datetime]:
    """Return the next look: daily until a day after ``since``, then after pauses as long as the time since then.

    The last look is at ``end``.
    """
    return [min(at + max(DAY, at - since), end)] if at < end else []
