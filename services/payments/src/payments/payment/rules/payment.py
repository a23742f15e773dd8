"""A payment is one try for one amount: what is known about it. Its states and moves stand in ``moves.py``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from payments.payment.rules.answers import OtherHold
from payments.payment.rules.details import CaptureWish, KnownChargeback, Number, Outside
from payments.payment.rules.money import Money
from payments.payment.rules.moves import NOT_YET as NOT_YET
from payments.payment.rules.moves import OVER, WANTED_IN
from payments.payment.rules.moves import Operation as Operation
from payments.payment.rules.moves import State as State
from payments.payment.rules.order import OrderSnapshot, Parcel
from payments.payment.rules.terms import CapturePolicy, Terms
from shared.cause import NO_CAUSE, Cause
from shared.events.payments import Call

ABOUT_SPARE_MONEY: tuple[Call, ...] = ("short_money", "excess_money", "late_money")
OVER_WITH_THE_ORDER: tuple[Call, ...] = ("authorization_ended", "capture_failed")
"""Calls about money that an order was to be paid by: nobody needs it for one that is cancelled."""
UNEXPLAINED: Call = "refund_unexplained"
MISMATCH: Call = "answer_mismatch"


@dataclass(frozen=True, kw_only=True)
class Payment(Money):
    """Everything known about one try: its money, its state, and what was agreed with whom."""

    payment_id: UUID
    order_code: str
    method: str
    placed_at: datetime
    state: State = "placed"
    version: int = 1
    try_number: int = 1
    order_number: int | None = None
    """The 受付番号 of the order, where it was told."""
    payer_name: str = ""
    by_guest: bool = False
    """Whether the order was placed without an account; ``member_id`` is who ordered while logged in."""
    member_id: UUID | None = None
    order: OrderSnapshot | None = field(default=None, compare=False, repr=False)
    """The order as it was placed, where a method is asked and for its pages; None elsewhere, where nobody is ever asked, and of
    an order that was placed before such copies were kept."""
    parcels: tuple[Parcel, ...] = field(default=(), repr=False)
    """Those that left, where the terms ask for them."""
    choice: Mapping[str, str] = field(default_factory=dict)
    """What the buyer chose."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """The provider's ids."""
    capture_policy: CapturePolicy = "on_shipped"
    page_key: str = ""
    page_url: str = ""
    redirect_url: str = ""
    authorization_id: str = ""
    provider_status: str = ""
    instrument: str = ""
    number: Number | None = None
    capture_wish: CaptureWish | None = None
    order_cancelled: bool = False
    """It outlives every state: what arrives after it goes back."""
    refund_of_sale: bool = False
    """Whether staff want the refund under way out of a paid order, not only of what is spare."""
    asked_by: str = ""
    """Who asked for the request that was made last."""
    reauthorized_at: datetime | None = None
    renews_hold: bool = False
    ended_holds: tuple[str, ...] = ()
    """The authorizations that are over."""
    other_holds: tuple[OtherHold, ...] = ()
    """Holds of others on the same agreement."""
    unnamed_charge_amount: int = 0
    """Yen that were charged there by nobody knows which charge."""
    parts: tuple[str, ...] = ()
    """The receipts of holds that were captured in part."""
    reversals: tuple[str, ...] = ()
    """Receipts that came to nothing, by the provider's ids, as are the refunds in ``failed_refunds``."""
    doubted_receipts: Mapping[str, int] = field(default_factory=dict)
    """The yen that the provider tells of receipts now, where other yen were booked."""
    retold_refunds: Mapping[str, int] = field(default_factory=dict)
    """The same of refunds."""
    failed_refunds: tuple[str, ...] = ()
    doubted_refunds: tuple[str, ...] = ()
    """Refunds that are not as large as was asked, and not booked until a person has looked."""
    not_ours: tuple[str, ...] = ()
    """Objects told as the payment's that name another parent, by the provider's ids."""
    disowned: tuple[str, ...] = ()
    """Objects of which staff say that they are another order's; no look asks for them any more."""
    booked_elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Receipts told here that are booked on another order, with its code."""
    receipt_names: Mapping[str, str] = field(default_factory=dict)
    """Names of the receipts that were moved here since."""
    outside: tuple[Outside, ...] = ()
    """What staff gave back and no provider has told of."""
    shipped: bool = False
    """The money is wanted as soon as it is held, because everything is on its way."""
    calls: tuple[str, ...] = ()
    """Why a person must look at it: none of them hides another, see :meth:`calling`."""
    revision: int = 0
    """It counts what was said of the standing."""
    cause: Cause = NO_CAUSE
    """The last event that moved the payment: what a look at the provider finds later follows from it."""

    def changed(self, **changes: Any) -> "Payment":
        """Return the payment with ``changes``. Raises TypeError for a field that it does not have.

        It does what :func:`dataclasses.replace` does, at a twentieth of its time: a payment has many fields, a rule
        changes few of them, and there are ten changes in an order.
        """
        known = self.__dict__
        new = object.__new__(type(self))
        fields = new.__dict__
        fields.update(known)
        fields.update(changes)
        if len(fields) != len(known):
            raise TypeError(f"a payment has no {', '.join(sorted(changes.keys() - known.keys()))}")
        return new

    @property
    def refunds_stopped(self) -> bool:
        """Whether nothing may be refunded now: money is disputed, more went out than was here, or an amount is told in two
        ways."""
        return bool(self.open_chargebacks) or UNEXPLAINED in self.calls or self.contradicted

    @property
    def contradicted(self) -> bool:
        """Whether what the provider tells contradicts what is known: nothing is final, and nothing that cannot be taken back is
        done, until it fits again, or a person has said what is so."""
        return self.told_otherwise or bool(self.not_ours) or MISMATCH in self.calls

    @property
    def told_otherwise(self) -> bool:
        """Whether money that is booked is told with another amount, not any more, or for another order as well."""
        return bool(self.doubted_receipts or self.retold_refunds or self.booked_elsewhere)

    @property
    def refundable_amount(self) -> int:
        """What a refund of ours may give back now: all that is here, or what a paid order does not need, unless
        staff want a part of the sale to go back."""
        only_spare = self.state == "captured" and not self.refund_of_sale
        # Of a receipt that came to nothing while a refund was under way, nothing is there to give back.
        unreal = sum(loss.amount for loss in self.losses if loss.kind == "receipt")
        return max((self.spare_amount if only_spare else self.held_amount) - unreal, 0)

    @property
    def goes_on(self) -> bool:
        """Whether the order still wants this payment: only what is spare may go back of itself."""
        return not self.order_cancelled and self.state not in OVER and self.state != "refunding"

    @property
    def number_is_over(self) -> bool:
        """Whether the number came to an end unpaid, and its order with it: one that was paid once goes on whatever came back."""
        return self.number is not None and not self.goes_on and not self.captured_amount

    @property
    def keeps_parts(self) -> bool:
        """Whether parts of a hold were captured and stay with an order that goes on, whatever becomes of the rest."""
        return self.goes_on and bool(self.parts) and self.held_amount > 0

    @property
    def holds_anew(self) -> bool:
        """Whether a new hold is asked for, or will be as soon as the old one is given back."""
        return self.state == "reauthorizing" or (self.state == "voiding" and self.renews_hold)

    @property
    def frees_holds(self) -> bool:
        """Whether holds stand that nobody wants: of others with a cancelled order, or ours that others made superfluous."""
        others = self.order_cancelled and any(one.stands for one in self.other_holds)
        return others or (self.state == "captured" and self.authorization_id in self.ended_holds)

    @property
    def awaits_an_answer(self) -> bool:
        """Whether a request is under way whose answer decides how the payment goes on."""
        under_way = self.state in NOT_YET or self.state in ("capturing", "voiding", "reauthorizing")
        return under_way or bool(self.refund_asked_amount or self.doubted_refunds)

    @property
    def fitting(self) -> "Payment":
        """The payment without the call for answers that did not fit, unless money is still told in two ways."""
        return self if self.told_otherwise else self.changed(not_ours=()).not_calling(MISMATCH)

    @property
    def keeps_its_sale(self) -> bool:
        """Whether the order is paid and goes on."""
        return self.state == "captured" and not self.order_cancelled

    @property
    def owes_nothing(self) -> bool:
        """Whether the order keeps all that is here, so that a refund which failed was a wish of staff."""
        return self.keeps_its_sale and not self.spare_amount

    @property
    def open_chargebacks(self) -> tuple[KnownChargeback, ...]:
        """Chargebacks that are not decided: nothing is refunded beside them."""
        return tuple(one for one in self.chargebacks if one.state == "open")

    def chargeback(self, reference: str) -> KnownChargeback | None:
        """Return the chargeback of this reference, or None if nobody told of one."""
        return next((one for one in self.chargebacks if one.reference == reference), None)

    @property
    def lost_to_a_bank(self) -> bool:
        """Whether a chargeback was lost: money that still comes is not sent back without a person."""
        return any(one.state == "lost" for one in self.chargebacks)

    @property
    def respond_by(self) -> datetime | None:
        """The next deadline for an answer to a chargeback."""
        return min(
            (one.respond_by for one in self.open_chargebacks if one.respond_by is not None), default=None
        )

    def holds_until(self, terms: Terms) -> datetime | None:
        """The last moment for a capture, where the terms know one: AP-39 counts from the order, or from the last
        re-authorization."""
        days = terms.capture_days_max
        began = self.reauthorized_at or self.placed_at
        return None if days is None else began + timedelta(days=days)

    def wants(self, operation: Operation, number: int = 0) -> bool:
        """Whether a request is where it belongs; else it is no longer to be made. Of refunds only the one of ``number``
        that is under way is."""
        if operation == "void" and self.frees_holds:
            return True
        asked = operation != "refund" or (self.refund_asked_amount > 0 and self.has_asked(number))
        return asked and self.state in WANTED_IN[operation]

    def has_asked(self, number: int) -> bool:
        """Whether the refund asked for last is that of request ``number``; those from before numbers were kept all are."""
        return not number or self.our_refund.number in (0, number)

    def is_ours(self, refund_ref: str) -> bool:
        """Whether the provider's id is that of the refund of ours under way: an answer to our own request told it."""
        known = (*self.our_refund.refs, *self.doubted_refunds)
        return bool(refund_ref and self.refund_asked_amount) and refund_ref in known

    def sequence_of(self, operation: Operation) -> int:
        """Which request of its kind the next one is: one capture and one void per hold and part of it, one word per
        parcel; every refund has a number of its own, whatever others gave back between. No two of the same number are
        ever under way or done; a hold, capture or void that was refused is asked for anew under the same number, with a
        key of its own."""
        if operation == "refund":
            return 1 + max(self.our_refund.number, len(self.refunds))
        if operation == "tell_shipped":
            return len(self.parcels)
        held = len(self.ended_holds) + (len(self.parts) if operation in ("capture", "void") else 0)
        return 1 + held + (len(self.other_holds) if operation == "void" else 0)

    def calling(self, word: Call) -> "Payment":
        """Return the payment with ``word`` among its calls; the last word about spare money replaces others."""
        rest = self.not_calling(*ABOUT_SPARE_MONEY) if word in ABOUT_SPARE_MONEY else self
        words = rest.calls if word in rest.calls else (*rest.calls, word)
        return self.changed(calls=words)

    def not_calling(self, *over: str) -> "Payment":
        """Return the payment without the words that are ``over``."""
        left = tuple(word for word in self.calls if word not in over)
        # Most payments call for nobody: no copy is made of what stays as it is.
        return self if len(left) == len(self.calls) else self.changed(calls=left)
