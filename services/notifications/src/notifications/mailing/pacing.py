"""How many mails one address gets in an hour, whoever caused them: a stranger must not be flooded through us.

Anybody can order or sign up with somebody else's address, so what that causes is counted in lanes of its own and
delays nothing that lets a member in. A warning about an account is never held back, and the shop gets as many of its
own mails as there are.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.mails.audience import Lane
from shared.events import SuppressionReason

WINDOW = timedelta(hours=1)
# One that was held back for so long has nothing to tell any more.
HELD_FOR_MAX = timedelta(hours=24)
LINK_LEFT = timedelta(minutes=30)
"""What is left of a one-time link when its mail leaves at the latest."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Mails to one address in an hour, by lane; 0: any number."""

    order: int = 20
    account: int = 10

    def of(self, lane: Lane) -> int:
        """Return how many mails of ``lane`` an address gets in an hour; 0: any number."""
        most = {
            "order": self.order,
            "sign_up": self.account,
            "account": self.account,
            "warning": 0,
            "desk": 0,
            "test": self.account,
        }
        return most[lane]


PACED = "paced"
"""Why a mail waits that would be one too many."""


@dataclass(frozen=True, slots=True)
class Go:
    """The mail leaves now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The mail is held back until ``until``, for a reason."""

    until: datetime
    reason: str = PACED


@dataclass(frozen=True, slots=True)
class Drop:
    """The mail never leaves; ``reason`` is kept and said."""

    reason: SuppressionReason


Departure = Go | Wait | Drop


def pace(
    sent: int,
    *,
    per_hour: int,
    oldest_at: datetime | None,
    created_at: datetime,
    at: datetime,
    link_ends_at: datetime | None = None,
) -> Departure:
    """Return whether one more mail may go to an address that got ``sent`` within the hour before ``at``.

    ``oldest_at``: when the oldest of the last ``per_hour`` of them was handed over, which is what makes room next.
    ``link_ends_at``: when the one-time link in the mail ends, which is left the time that its reader needs.
    """
    if not per_hour or sent < per_hour:
        return Go()
    if at - created_at >= HELD_FOR_MAX:
        return Drop("too_many_to_recipient")
    until = max((oldest_at or at) + WINDOW, at + timedelta(minutes=1))
    if link_ends_at is not None:
        until = min(until, link_ends_at - LINK_LEFT)
    return Wait(until) if until > at else Go()
