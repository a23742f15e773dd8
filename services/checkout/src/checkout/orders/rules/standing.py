"""The standing of an order: what payments told of its money beside the straight way, and how events change it.

What follows of it for the payment of the order stands in ``money_moves.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.events import (
    AuthorizationEnded,
    PaymentCaptured,
    PaymentRefunded,
    PaymentStandingChanged,
    RefundTakenBack,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What payments last told of the money beside the straight way, in yen; ``money`` is all that is with us.

    Of what was ``refunded``, banks took back ``charged_back``; ``lost`` went out beyond what was here. ``elsewhere`` was
    refunded by others than us; None where payments did not say.

    ``money`` is None while nothing was told: then the payment's state says it.
    """

    revision: int = 0
    calls: tuple[str, ...] = ()
    captured: int = 0
    suspense: int = 0
    refunded: int = 0
    charged_back: int = 0
    elsewhere: int | None = None
    lost: int = 0
    respond_by: datetime | None = None
    money: int | None = None
    money_at: datetime | None = None
    may_reauthorize: bool = False
    reauthorization_requested_at: datetime | None = None

    @property
    def came(self) -> int:
        """Return all that came in, in yen, suspense included."""
        return self.captured + self.suspense

    @property
    def kept(self) -> int:
        """Return what came in and did not go back, in yen."""
        return max(self.came - self.refunded, 0)


NOTHING_TOLD = Standing()


COLUMN_OF = {
    "revision": "standing_revision",
    "calls": "payment_calls",
    "captured": "captured_amount",
    "suspense": "suspense_amount",
    "refunded": "refunded_amount",
    "charged_back": "charged_back_amount",
    "elsewhere": "refunded_elsewhere_amount",
    "lost": "lost_amount",
    "respond_by": "respond_by",
    "money": "money_with_us",
    "money_at": "money_told_at",
    "may_reauthorize": "may_reauthorize",
    "reauthorization_requested_at": "reauthorization_requested_at",
}
"""The column of ``orders`` that holds each field of a standing."""


def columns_of_standing(standing: Standing) -> dict[str, object]:
    """Return the columns of ``orders`` that hold ``standing``."""
    return {column: getattr(standing, name) for name, column in COLUMN_OF.items()}


def standing_of(columns: Mapping[str, Any]) -> Standing:
    """Return the standing that the row of an order holds.

    Whether a new authorization may be had is left over from the end of an earlier one, unless the payment is lapsed.
    """
    told = columns["standing_revision"] or columns["money_with_us"] is not None
    if not told and columns["payment"] != "lapsed":
        return NOTHING_TOLD
    fields = {name: columns[column] for name, column in COLUMN_OF.items()}
    return Standing(**{**fields, "calls": tuple(fields["calls"])})


def is_newer(standing: Standing, event: PaymentStandingChanged) -> bool:
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
    return _money_told(told, told.kept, event.occurred_at)


def told_by_refund(standing: Standing, event: PaymentRefunded | RefundTakenBack) -> Standing:
    """Return the standing after money went back, or had not after all; of money that was spare, it is told by the next standing."""
    if event.remaining_amount is None or only_spare(event):
        return standing
    return _money_told(standing, event.remaining_amount, event.occurred_at)


def told_by_capture(standing: Standing, event: PaymentCaptured) -> Standing:
    """Return the standing after the money of the order came in: at least this much is with us."""
    return replace(
        standing,
        captured=max(standing.captured, event.amount),
        money=max(standing.money or 0, event.amount),
    )


def lapsed(standing: Standing, event: AuthorizationEnded) -> Standing:
    """Return the standing after an authorization ended; a wish for a new one is answered by it."""
    return replace(standing, may_reauthorize=event.may_reauthorize, reauthorization_requested_at=None)


def covered_again(standing: Standing) -> Standing:
    """Return the standing after a new authorization took the place of the one that ended."""
    return replace(standing, may_reauthorize=False, reauthorization_requested_at=None)


def only_spare(event: PaymentRefunded | RefundTakenBack) -> bool:
    """Tell whether a refund gave back nothing but what had come beyond the order."""
    return event.amount == event.spare_amount


def _money_told(standing: Standing, money: int, at: datetime) -> Standing:
    if standing.money_at is not None and standing.money_at > at:
        return standing
    return replace(standing, money=money, money_at=at)
