"""A payment is one try for one amount: everything that is known about it. ``moves.py`` has its states and moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from payments.payment.rules.answers import OtherHold
from payments.payment.rules.books.money import Money
from payments.payment.rules.call_table import ENDED_BY
from payments.payment.rules.details import CaptureWish, Disowned, KnownChargeback, Number, Outside
from payments.payment.rules.moves import NOT_YET as NOT_YET
from payments.payment.rules.moves import OVER, WANTED_IN
from payments.payment.rules.moves import Operation as Operation
from payments.payment.rules.moves import State as State
from payments.payment.rules.order import OrderSnapshot, Parcel
from payments.payment.rules.terms import CapturePolicy, Terms
from shared.cause import NO_CAUSE, Cause
from shared.events.payments import Call

_ABOUT_SPARE_MONEY = ENDED_BY["another call about spare money"]
"""The calls of which only the latest stands."""
UNEXPLAINED: Call = "refund_unexplained"
MISMATCH: Call = "answer_mismatch"


@dataclass(frozen=True, kw_only=True)
class Payment(Money):
    """Everything that is known about one payment: its money, its state, and the agreements with buyer and provider."""

    payment_id: UUID
    order_code: str
    method: str
    placed_at: datetime
    state: State = "placed"
    version: int = 1
    try_number: int = 1
    order_number: int | None = None
    """The 受付番号 of the order, or None if the event had none."""
    payer_name: str = ""
    by_guest: bool = False
    """Whether the order was placed without an account. ``member_id`` is the buyer who was logged in."""
    member_id: UUID | None = None
    order: OrderSnapshot | None = field(default=None, compare=False, repr=False)
    """The order as it was placed, loaded for the functions of a method and for its pages.

    None elsewhere, for methods that ask nobody, and for an order from before such copies were kept.
    """
    parcels: tuple[Parcel, ...] = field(default=(), repr=False)
    """The sent parcels, if the terms ask for them."""
    choice: Mapping[str, str] = field(default_factory=dict)
    """What the buyer chose."""
    refs: Mapping[str, str] = field(default_factory=dict)
    """What method and rules keep by name: the provider's ids, the chosen chain, marks of holds counted again."""
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
    """It never becomes false again: money that arrives later is refunded."""
    refund_of_sale: bool = False
    """Whether staff want the refund in progress out of a paid order, not only out of suspense."""
    requested_by: str = ""
    """The person who asked for the latest request."""
    reauthorized_at: datetime | None = None
    renews_hold: bool = False
    ended_holds: tuple[str, ...] = ()
    """The authorizations that ended."""
    holds_here_again: int = 0
    """How often a hold that had ended, or was captured, counted as the order's hold again."""
    other_holds: tuple[OtherHold, ...] = ()
    """Holds of others on the same agreement."""
    unnamed_charge_amount: int = 0
    """Yen charged on the agreement by charges that nobody has named."""
    parts: tuple[str, ...] = ()
    """The receipts of holds that were captured in part."""
    receipt_amounts_in_doubt: Mapping[str, int] = field(default_factory=dict)
    """The yen that the provider now reports for receipts that were booked with another amount."""
    refund_amounts_in_doubt: Mapping[str, int] = field(default_factory=dict)
    """The yen that the provider now reports for refunds that were booked with another amount."""
    doubted_due_at: datetime | None = None
    """The deadline that the provider now reports for the number, if the buyer was told another one."""
    seen_due_at: datetime | None = None
    """The other deadline of the provider that staff have seen. The one that the buyer was told counts."""
    failed_refunds: tuple[str, ...] = ()
    unfit_refund_refs: tuple[str, ...] = ()
    """Refunds with another amount than the request. They are not booked until a person has looked."""
    refs_of_others: tuple[str, ...] = ()
    """Objects that were reported for this payment but name another parent, by the provider's ids."""
    disowned: Mapping[str, Disowned] = field(default_factory=dict)
    """Objects that staff disowned, by the provider's ids. A report of one calls staff again."""
    booked_elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Receipts reported for this payment that are booked on another order, with its code."""
    receipt_names: Mapping[str, str] = field(default_factory=dict)
    """The new names of the receipts that were moved to this payment."""
    outside: tuple[Outside, ...] = ()
    """Refunds that staff recorded and no provider has reported."""
    capture_when_held: bool = False
    """The money is wanted as soon as it is held, because the whole order was sent."""
    calls: tuple[str, ...] = ()
    """Why a person must look at the payment. No call hides another; see :meth:`with_call`."""
    revision: int = 0
    """The number of published standings."""
    cause: Cause = NO_CAUSE
    """The last event that moved the payment. It is the cause of what a look-up finds later."""

    def changed(self, **changes: Any) -> "Payment":
        """Return the payment with ``changes``. Raises TypeError for a field that it does not have.

        It does the same as :func:`dataclasses.replace` in a twentieth of the time. A payment has many fields, a rule
        changes few of them, and an order has ten changes.
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
        """Return whether no refund is allowed now.

        Money is disputed, more went out than was here, or the provider's reports contradict the books.
        """
        return bool(self.open_chargebacks) or UNEXPLAINED in self.calls or self.contradicted

    @property
    def contradicted(self) -> bool:
        """Return whether the provider's reports contradict the books.

        Until they agree again, or a person has decided, nothing is final and nothing irreversible is done.
        """
        return self.reported_otherwise or bool(self.refs_of_others) or MISMATCH in self.calls

    @property
    def reported_otherwise(self) -> bool:
        """Return whether the provider now reports something else than before.

        - A booked receipt or refund has another amount, or is not reported any more.
        - A reported receipt is booked on another order.
        - An object that staff disowned is reported here again.
        - The number that waits for its buyer has another deadline.
        """
        money = (
            self.receipt_amounts_in_doubt
            or self.refund_amounts_in_doubt
            or self.booked_elsewhere
            or self.reported_again
        )
        return bool(money or (self.state == "waiting" and self.doubted_due_at))

    @property
    def reported_again(self) -> Mapping[str, Disowned]:
        """Return the disowned objects that the provider reported here again, and that staff have not seen since."""
        return {ref: one for ref, one in self.disowned.items() if not one.confirmed}

    @property
    def refundable_amount(self) -> int:
        """Return the yen that a refund may return now.

        These are all yen that are here. For a paid order it is only the suspense, unless staff refund a part of the
        sale.
        """
        only_spare = self.state == "captured" and not self.refund_of_sale
        # A receipt may be taken back while a refund is in progress. None of its money is here to be refunded.
        unreal = sum(loss.amount for loss in self.losses if loss.kind == "receipt")
        return max((self.spare_amount if only_spare else self.held_amount) - unreal, 0)

    @property
    def goes_on(self) -> bool:
        """Return whether the order still wants this payment. Only money in suspense is then refunded automatically."""
        return not self.order_cancelled and self.state not in OVER and self.state != "refunding"

    @property
    def number_is_over(self) -> bool:
        """Return whether the number ended unpaid, and its order with it. An order that was paid once goes on after any refund."""
        return self.number is not None and not self.goes_on and not self.captured_amount

    @property
    def keeps_parts(self) -> bool:
        """Return whether parts of a hold were captured and stay with an order that goes on, even if the rest of the hold ends."""
        return self.goes_on and bool(self.parts) and self.held_amount > 0

    @property
    def awaits_new_hold(self) -> bool:
        """Return whether a new hold is requested, or will be as soon as the old one is released."""
        return self.state == "reauthorizing" or (self.state == "voiding" and self.renews_hold)

    @property
    def has_unwanted_holds(self) -> bool:
        """Return whether holds exist that nobody wants.

        These are holds of others on a cancelled order, or a hold of Noren that a charge of others made unnecessary.
        """
        others = self.order_cancelled and any(one.stands for one in self.other_holds)
        return others or (self.state == "captured" and self.authorization_id in self.ended_holds)

    @property
    def is_over_with_part_captured(self) -> bool:
        """Return whether the payment is over and a part of its hold was captured.

        The rest may still be held, and nobody wants it.
        """
        return bool(self.parts) and not self.goes_on

    @property
    def awaits_an_answer(self) -> bool:
        """Return whether a request is in progress whose answer decides how the payment goes on."""
        under_way = self.state in NOT_YET or self.state in ("capturing", "voiding", "reauthorizing")
        return under_way or bool(self.refund_requested_amount or self.unfit_refund_refs)

    @property
    def without_mismatch(self) -> "Payment":
        """Return the payment without the call about a mismatch, unless booked money is still reported otherwise."""
        if self.reported_otherwise:
            return self
        return self.changed(refs_of_others=()).without_calls(*ENDED_BY["all reports fit"])

    @property
    def keeps_its_sale(self) -> bool:
        """Return whether the order is paid and goes on."""
        return self.state == "captured" and not self.order_cancelled

    @property
    def owes_nothing(self) -> bool:
        """Return whether the order is paid, goes on, and no money is spare.

        A refund that failed was then wanted by staff only.
        """
        return self.keeps_its_sale and not self.spare_amount

    @property
    def open_chargebacks(self) -> tuple[KnownChargeback, ...]:
        """Return the chargebacks that are not decided. Until they are, nothing is refunded."""
        return tuple(one for one in self.chargebacks if one.state == "open")

    def chargeback(self, reference: str) -> KnownChargeback | None:
        """Return the chargeback with this reference, or None if nobody reported it."""
        return next((one for one in self.chargebacks if one.reference == reference), None)

    @property
    def lost_to_a_bank(self) -> bool:
        """Return whether a chargeback was lost. Money that still comes is not refunded without a person."""
        return any(one.state == "lost" for one in self.chargebacks)

    @property
    def respond_by(self) -> datetime | None:
        """Return the next deadline for an answer to a chargeback."""
        return min(
            (one.respond_by for one in self.open_chargebacks if one.respond_by is not None), default=None
        )

    def holds_until(self, terms: Terms) -> datetime | None:
        """Return the last moment for a capture, or None without a limit.

        AP-39 counts from the order, or from the last re-authorization.
        """
        days = terms.capture_days_max
        began = self.reauthorized_at or self.placed_at
        return None if days is None else began + timedelta(days=days)

    def wants(self, operation: Operation, number: int = 0) -> bool:
        """Return whether a request is still wanted in this state.

        A refund is wanted only if it is the one in progress, with ``number``.
        """
        if operation == "void" and (self.has_unwanted_holds or self.is_over_with_part_captured):
            return True
        requested = operation != "refund" or (
            self.refund_requested_amount > 0 and self.is_latest_refund(number)
        )
        return requested and self.state in WANTED_IN[operation]

    def is_latest_refund(self, number: int) -> bool:
        """Return whether request ``number`` is the latest refund. Requests from before numbers were kept always are."""
        return not number or self.our_refund.number in (0, number)

    def is_ours(self, refund_ref: str) -> bool:
        """Return whether the provider's id names Noren's refund in progress. An answer to the request reported that
        id."""
        known = (*self.our_refund.refs, *self.unfit_refund_refs)
        return bool(refund_ref and self.refund_requested_amount) and refund_ref in known

    def sequence_of(self, operation: Operation) -> int:
        """Return the number of the next request of its kind.

        - There is one capture and one void for each hold and each part of it, and one report for each parcel.
        - Every refund has its own number, whatever others refunded in between.
        - No two requests with one number are ever in progress or done. So the number never falls: a hold that ended and
          is here again counts twice.
        - A refused hold, capture or void is requested again with the same number and another key.
        """
        if operation == "refund":
            return 1 + max(self.our_refund.number, len(self.refunds))
        if operation == "tell_shipped":
            return len(self.parcels)
        held = len(self.ended_holds) + self.holds_here_again
        held += len(self.parts) if operation in ("capture", "void") else 0
        return 1 + held + (len(self.other_holds) if operation == "void" else 0)

    def with_call(self, call: Call) -> "Payment":
        """Return the payment with ``call``. A new call about money in suspense replaces the earlier one."""
        rest = self.without_calls(*_ABOUT_SPARE_MONEY) if call in _ABOUT_SPARE_MONEY else self
        return self.changed(calls=rest.calls if call in rest.calls else (*rest.calls, call))

    def without_calls(self, *calls: str) -> "Payment":
        """Return the payment without ``calls``."""
        left = tuple(word for word in self.calls if word not in calls)
        # Most payments have no call. An unchanged payment is not copied.
        return self if len(left) == len(self.calls) else self.changed(calls=left)
