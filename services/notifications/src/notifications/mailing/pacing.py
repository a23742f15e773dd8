"""How many mails one address gets in an hour, whoever caused them: a stranger must not be flooded through us.

Mails that open an account or warn its owner have a lane of their own, so that no number of orders delays them; the
shop gets as many of its own as there are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.mails.audience import Lane
from shared.events import SuppressionReason

WINDOW = timedelta(hours=1)
# One that was held back for so long has nothing to tell any more.
HELD_FOR_MAX = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Pace:
    """Mails to one address in an hour, by lane; 0: any number."""

    order: int = 20
    account: int = 10

    def of(self, lane: Lane) -> int:
        """Return how many mails of ``lane`` an address gets in an hour; 0: any number."""
        return {"order": self.order, "account": self.account, "desk": 0}[lane]


@dataclass(frozen=True, slots=True)
class Go:
    """The mail leaves now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The mail is held back until ``until``."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """The mail never leaves; ``reason`` is kept and said."""

    reason: SuppressionReason


Departure = Go | Wait | Drop


def pace(
    sent: int, *, per_hour: int, oldest_at: datetime | None, created_at: datetime, at: datetime
) -> Departure:
    """Return whether one more mail may go to an address that got ``sent`` within the hour before ``at``.

    ``oldest_at``: when the oldest of the last ``per_hour`` of them was handed over, which is what makes room next.
    """
    if not per_hour or sent < per_hour:
        return Go()
    if at - created_at >= HELD_FOR_MAX:
        return Drop("too_many_to_recipient")
    return Wait(max((oldest_at or at) + WINDOW, at + timedelta(minutes=1)))
