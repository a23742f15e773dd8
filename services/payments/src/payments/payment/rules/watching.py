"""When to look at a payment unasked, and what has to be known of its method for that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from payments.payment.rules.moves import State
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms

DAY = timedelta(days=1)
DAILY_AFTER_RECEIPT = timedelta(days=3)


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
    may not be captured any more, or ever more rarely for money on a number that is paid, cancelled or expired, and for
    what becomes of money that came in, until nobody expects any."""
    pause = method.poll_seconds.get(payment.state)
    looks = [at + timedelta(seconds=pause)] if pause is not None else []
    until = payment.holds_until(method.terms)
    if payment.state == "authorized" and until is not None:
        looks.append(max(until + timedelta(seconds=1), at + timedelta(seconds=1)))
    if payment.number is not None:
        deadline = payment.number.due_at + method.terms.grace
        if payment.state == "waiting":
            looks.append(deadline)
        else:
            looks += _ever_more_rarely(at, deadline, deadline + method.look_after)
    elif payment.received_at is not None and payment.captured_amount + payment.suspense_amount > 0:
        received = payment.received_at
        looks += _ever_more_rarely(at, received + DAILY_AFTER_RECEIPT, received + method.look_after)
    return min(looks, default=None)


def _ever_more_rarely(at: datetime, since: datetime, end: datetime) -> list[datetime]:
    """Daily until ``since`` and a day beyond; then each pause is as long as all since then; the last look at ``end``."""
    return [min(at + max(DAY, at - since), end)] if at < end else []
