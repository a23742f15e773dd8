"""What a payment keeps in addition to its amounts: number, capture wish, refund in progress, losses, chargebacks."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from payments.payment.rules.answers import Chargeback, ChargebackState, RefundRoute


@dataclass(frozen=True)
class Number:
    """What the buyer pays with: a number in the format of the chain, or an account."""

    number: str
    label: str
    due_at: datetime
    chain: str = ""
    confirmation_number: str | None = None


@dataclass(frozen=True)
class CaptureWish:
    """Who asked for the money, and whether the mail about it was wanted. Kept until the money is here.

    ``amount`` in yen, if only a part of the hold is wanted now. None is the whole missing amount.
    """

    source: Literal["admin", "shipped", "manual_deposit"]
    send_mail: bool = False
    amount: int | None = None


@dataclass(frozen=True)
class OurRefund:
    """What is known of Noren's refund in progress, without its amount.

    - ``number``: the number of its request, which no other refund of the payment has.
    - ``refs``: the provider's ids, as soon as an answer to the request has them. The refunds in ``done_refs`` are
      completed.
    - ``refunded_before``: the yen that the provider counted as refunded before the request.
    - ``presumed_ref``: the id of a refund of equal amount that a look-up reported before Noren's refund had an id. Until
      an answer names another id, Noren treats it as its own.
    """

    number: int = 0
    refs: tuple[str, ...] = ()
    done_refs: tuple[str, ...] = ()
    refunded_before: int = 0
    presumed_ref: str = ""


NO_REFUND = OurRefund()


@dataclass(frozen=True)
class Loss:
    """Yen that were refunded, or taken back, beyond the money that was here.

    ``ref`` is the provider's id of the refund, the receipt or the chargeback. ``published``: whether the event about
    the refund already included these yen.
    """

    ref: str
    amount: int
    kind: Literal["refund", "receipt", "chargeback"]
    route: RefundRoute = "provider"
    published: bool = False


@dataclass(frozen=True)
class Disowned:
    """An object of the provider that staff disowned, and what was reported about it since.

    - ``amount``: the yen that the provider reports, or that were booked at the decision. 0 if none are known, or if the
      object is over: reversed, refused or released.
    - ``by_noren``: it is a refund that answered a request of Noren.
    - ``booked_on``: the code of the order that has the receipt in its books; "" if none was named.
    - ``names``: the names under which the payment had it among its ``refs``.
    - ``reports``: the reports since the decision. The same report calls nobody twice.
    - ``confirmed``: whether staff have seen the latest of them.
    """

    kind: Literal["receipt", "refund", "hold"]
    amount: int = 0
    by_noren: bool = False
    booked_on: str = ""
    names: tuple[str, ...] = ()
    reports: tuple[str, ...] = ()
    confirmed: bool = True


@dataclass(frozen=True)
class Outside:
    """A refund that staff made by another way and recorded. ``from_suspense`` yen of it came out of suspense."""

    ref: str
    amount: int
    route: RefundRoute
    from_suspense: int = 0


@dataclass(frozen=True)
class BookedRefund:
    """A booked refund, or a part of it, that may be taken back. ``from_suspense`` yen of it came out of suspense.

    ``ref`` is its reference.
    """

    ref: str
    amount: int
    from_suspense: int = 0


@dataclass(frozen=True, kw_only=True)
class KnownChargeback:
    """A chargeback in its present state. ``amount`` yen are disputed, or were taken if it is lost.

    - ``disputed_amount``: the yen that the buyer disputes; 0 if nobody reported them; None in an old row without this
      field.
    - ``last_report``: the provider's last report. Staff may have decided otherwise since.
    - ``lost_times``: how often it was booked as lost.
    - ``taken``: the part of the present loss that was here.
    """

    reference: str
    amount: int
    respond_by: datetime | None = None
    state: ChargebackState = "open"
    disputed_amount: int | None = None
    last_report: Chargeback | None = None
    lost_times: int = 0
    taken: tuple[BookedRefund, ...] = ()

    @property
    def disputed(self) -> int:
        """Return the yen that the buyer disputes; 0 if nobody reported them."""
        if self.disputed_amount is None:
            return 0 if self.state == "lost" else self.amount
        return self.disputed_amount

    @property
    def loss_ref(self) -> str:
        """Return the reference of the booked loss. It differs each time that the chargeback is lost."""
        number = f":{self.lost_times}" if self.lost_times else ""
        return f"chargeback:{self.reference}{number}"

    def with_taken_part(self, part: BookedRefund) -> "KnownChargeback":
        """Return the chargeback with one more part of the money that the bank took."""
        return replace(self, taken=(*self.taken, part))

    def updated_by(self, report: Chargeback) -> "KnownChargeback":
        """Return the chargeback with the provider's report. A field that the report leaves out stays."""
        opened = report.amount if report.state == "open" and report.amount else self.disputed
        same = self.amount if report.state == self.state else self.disputed
        return replace(
            self,
            state=report.state,
            amount=report.amount or same,
            disputed_amount=opened,
            respond_by=report.respond_by or self.respond_by,
            last_report=report,
        )
