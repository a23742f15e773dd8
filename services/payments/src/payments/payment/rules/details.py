"""What a payment remembers beside its amounts: its number, who asked for the money, what was lost or given back."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from payments.payment.rules.answers import RefundRoute


@dataclass(frozen=True)
class Number:
    """What the buyer pays under: a number in the chain's format, or an account."""

    number: str
    label: str
    due_at: datetime
    chain: str = ""
    confirmation_number: str | None = None


@dataclass(frozen=True)
class CaptureWish:
    """Who asked for the money, and whether the mail about it was wanted; remembered until it is here.

    ``amount`` in yen, where only a part of what is held is wanted now; None is all that is missing.
    """

    source: Literal["admin", "shipped", "manual_deposit"]
    send_mail: bool = False
    amount: int | None = None


@dataclass(frozen=True)
class OurRefund:
    """What is known of the refund of ours that is under way, beside its amount.

    ``number`` is its request's, which no other refund of the payment has. ``refs`` are the provider's ids, once an answer to
    our own request told them; those in ``done_refs`` went back already. ``told_before``: yen that the provider counted as refunded before ours was asked for.
    ``presumed_ref`` is a refund of equal amount that a look told while ours has no id: taken for ours in words and calls
    only, until our own answer names one.
    """

    number: int = 0
    refs: tuple[str, ...] = ()
    done_refs: tuple[str, ...] = ()
    told_before: int = 0
    presumed_ref: str = ""


NO_REFUND = OurRefund()


@dataclass(frozen=True)
class Loss:
    """Yen that went out, or were taken back, beyond what was here: by a refund, a receipt that came to nothing, or a
    chargeback, by the provider's id of it. ``told``: with the refund of which the rest was here."""

    ref: str
    amount: int
    kind: Literal["refund", "receipt", "chargeback"]
    route: RefundRoute = "provider"
    told: bool = False


@dataclass(frozen=True)
class Outside:
    """What staff say they gave back by a way of their own, ``from_suspense`` of it suspended money."""

    ref: str
    amount: int
    route: RefundRoute
    from_suspense: int = 0
