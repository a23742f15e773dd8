"""What a payment remembers beside its amounts: its number, who asked for the money, what was lost or given back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from payments.payment.rules.answers import Chargeback, ChargebackState, RefundRoute


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


@dataclass(frozen=True)
class Taken:
    """What a bank took of the money that was here, ``from_suspense`` of it suspended money; ``ref`` is the refund that it is
    booked as."""

    ref: str
    amount: int
    from_suspense: int = 0


@dataclass(frozen=True, kw_only=True)
class KnownChargeback:
    """A chargeback as it stands: ``amount`` in yen is disputed, or was taken once it is lost.

    ``disputed_amount`` is what the buyer disputes, 0 where nobody tells; None of one from before it was kept. ``told`` is the provider's last word, which staff may have decided otherwise since. ``lost_times`` is how
    often it was booked as lost, ``taken`` what of the present loss was here.
    """

    reference: str
    amount: int
    respond_by: datetime | None = None
    state: ChargebackState = "open"
    disputed_amount: int | None = None
    told: Chargeback | None = None
    lost_times: int = 0
    taken: tuple[Taken, ...] = ()

    @property
    def disputed(self) -> int:
        """The yen that the buyer disputes; 0 where nobody told."""
        if self.disputed_amount is None:
            return 0 if self.state == "lost" else self.amount
        return self.disputed_amount

    @property
    def loss_ref(self) -> str:
        """What its loss is booked under: another reference each time that it is lost."""
        number = f":{self.lost_times}" if self.lost_times else ""
        return f"chargeback:{self.reference}{number}"

    def taking(self, taken: Taken) -> "KnownChargeback":
        """Return it with one more part of what was here that the bank took."""
        return replace(self, taken=(*self.taken, taken))

    def said(self, told: Chargeback) -> "KnownChargeback":
        """Return it as the provider tells it; what the provider leaves out stays."""
        opened = told.amount if told.state == "open" and told.amount else self.disputed
        same = self.amount if told.state == self.state else self.disputed
        return replace(
            self,
            state=told.state,
            amount=told.amount or same,
            disputed_amount=opened,
            respond_by=told.respond_by or self.respond_by,
            told=told,
        )
