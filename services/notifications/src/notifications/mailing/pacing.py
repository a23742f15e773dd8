"""Limits the mails that one address gets in an hour. A stranger must not flood an address through the shop.

Anybody can order or sign up with another person's address. Mails that such requests cause count in separate lanes and
do not delay mails for logging in. Warnings about an account and mails to the shop have no limit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.mails.audience import Lane
from shared.events import SuppressionReason

WINDOW = timedelta(hours=1)
# A mail that was put off for so long is outdated and is not sent.
HELD_FOR_MAX = timedelta(hours=24)
LINK_LEFT = timedelta(minutes=30)
"""The least validity that a one-time link has left when its mail is sent."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The limit of mails to one address in an hour, by lane; 0 is no limit."""

    order: int = 20
    account: int = 10

    def of(self, lane: Lane) -> int:
        """Return the limit of ``lane`` for one address in an hour; 0 is no limit."""
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
"""The reason of a mail that waits because of the limit."""


@dataclass(frozen=True, slots=True)
class Go:
    """The mail is sent now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The mail waits until ``until``, with a reason."""

    until: datetime
    reason: str = PACED


@dataclass(frozen=True, slots=True)
class Drop:
    """The mail is never sent. ``reason`` is stored and published."""

    reason: SuppressionReason


GateDecision = Go | Wait | Drop


def pace(
    sent: int,
    *,
    per_hour: int,
    oldest_at: datetime | None,
    created_at: datetime,
    at: datetime,
    link_ends_at: datetime | None = None,
) -> GateDecision:
    """Return whether one more mail may go to an address that got ``sent`` mails within the hour before ``at``.

    ``oldest_at`` is when the oldest of the last ``per_hour`` mails was handed to the server; its age decides when the
    next may go. ``link_ends_at`` is when the one-time link in the mail expires. The mail is sent early enough for its
    reader.
    """
    if not per_hour or sent < per_hour:
        return Go()
    if at - created_at >= HELD_FOR_MAX:
        return Drop("too_many_to_recipient")
    until = max((oldest_at or at) + WINDOW, at + timedelta(minutes=1))
    if link_ends_at is not None:
        until = min(until, link_ends_at - LINK_LEFT)
    return Wait(until) if until > at else Go()
