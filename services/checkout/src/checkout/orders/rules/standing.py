"""The standing of an order: what payments reported about unusual money, and how events change it.

``money_moves.py`` decides how the payment of the order follows.
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
    """The last report of payments about unusual money, in yen. ``money`` is all money now here.

    Banks took back ``charged_back`` of the ``refunded`` money. ``lost`` left beyond the money that was here. Others
    than Noren refunded ``elsewhere``; it is None if payments did not report it.

    While nothing was reported, ``money`` is None and the payment's state decides.
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
        """Return all money received, in yen, including suspense."""
        return self.captured + self.suspense

    @property
    def kept(self) -> int:
        """Return the money received and not refunded, in yen."""
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
    """Return the columns of ``orders`` that store ``standing``."""
    return {column: getattr(standing, name) for name, column in COLUMN_OF.items()}


def standing_of(columns: Mapping[str, Any]) -> Standing:
    """Return the standing that the row of an order stores.

    ``may_reauthorize`` is a leftover of an earlier authorization unless the payment is lapsed.
    """
    told = columns["standing_revision"] or columns["money_with_us"] is not None
    if not told and columns["payment"] != "lapsed":
        return NOTHING_TOLD
    fields = {name: columns[column] for name, column in COLUMN_OF.items()}
    return Standing(**{**fields, "calls": tuple(fields["calls"])})


def is_newer(standing: Standing, event: PaymentStandingChanged) -> bool:
    """Return whether ``event`` has a higher revision than the stored standing."""
    return event.revision > standing.revision


def told_by_payments(standing: Standing, event: PaymentStandingChanged) -> Standing:
    """Return the complete standing that ``event`` reports."""
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
    """Return the standing after a refund, or after the correction of a refund that was not made.

    The next standing reports a refund of excess money.
    """
    if event.remaining_amount is None or only_spare(event):
        return standing
    return _money_told(standing, event.remaining_amount, event.occurred_at)


def told_by_capture(standing: Standing, event: PaymentCaptured) -> Standing:
    """Return the standing after the deposit of the order: at least this amount is here."""
    return replace(
        standing,
        captured=max(standing.captured, event.amount),
        money=max(standing.money or 0, event.amount),
    )


def lapsed(standing: Standing, event: AuthorizationEnded) -> Standing:
    """Return the standing after an authorization ended. A request for a new one is no longer open."""
    return replace(standing, may_reauthorize=event.may_reauthorize, reauthorization_requested_at=None)


def covered_again(standing: Standing) -> Standing:
    """Return the standing after a new authorization replaced the one that ended."""
    return replace(standing, may_reauthorize=False, reauthorization_requested_at=None)


def only_spare(event: PaymentRefunded | RefundTakenBack) -> bool:
    """Return whether a refund gave back only money beyond the total of the order."""
    return event.amount == event.spare_amount


def _money_told(standing: Standing, money: int, at: datetime) -> Standing:
    if standing.money_at is not None and standing.money_at > at:
        return standing
    return replace(standing, money=money, money_at=at)
