"""Every state of a payment and every move between them, as one table, and which answers end which request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from payments.payment.rules.answers import (
    Authorized,
    Captured,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    Expired,
    Issued,
    NeedsBuyer,
    RefundDeclined,
    Refunded,
    RefundWaiting,
    ShippingNoted,
    ShippingRefused,
    Unknown,
    Voided,
    Waiting,
)

State = Literal[
    "placed",
    "requested",
    "waiting_for_buyer",
    "pending",
    "unknown",
    "waiting",
    "authorized",
    "reauthorizing",
    "capturing",
    "short",
    "captured",
    "voiding",
    "voided",
    "refunding",
    "refunded",
    "owed",
    "declined",
    "expired",
    "unmanaged",
]
MoneyOperation = Literal["authorize", "reauthorize", "issue", "capture", "void", "refund"]
Operation = MoneyOperation | Literal["tell_shipped"]


@dataclass(frozen=True)
class NumberRequested:
    """Stock is reserved, so the buyer may get a number."""


@dataclass(frozen=True)
class CaptureRequested:
    """The shop wants its money: the order was shipped, or staff pressed the button."""


@dataclass(frozen=True)
class ReauthorizationRequested:
    """The hold ended and the order goes on: hold the missing amount once more."""


@dataclass(frozen=True)
class VoidRequested:
    """Nothing is paid, and nobody needs the hold or the number any more: release it."""


@dataclass(frozen=True)
class RefundRequested:
    """The order is over and paid for: refund the money."""


@dataclass(frozen=True)
class CapturedInPart:
    """Less than the whole was captured, and no more will come by this way."""


@dataclass(frozen=True)
class PartCaptured:
    """A part was captured, and the rest is still held."""


@dataclass(frozen=True)
class ShortMoneyHere:
    """Money is here again, or beside an ended hold, and is short."""


@dataclass(frozen=True)
class Reopened:
    """The money of a number was taken back. The number waits for its buyer again."""


@dataclass(frozen=True)
class HoldHereAgain:
    """A hold is reported that staff had disowned and count again, or whose capture did not take place."""


@dataclass(frozen=True)
class RecordTakenBack:
    """A booked refund did not take place: staff recorded it by mistake, or the provider reports less."""


@dataclass(frozen=True)
class SaleHereAgain:
    """Money of the sale that was booked as refunded is here."""


@dataclass(frozen=True)
class ShortMoneyAccepted:
    """Staff accept the money that is here as the whole."""


@dataclass(frozen=True)
class NothingLeft:
    """The money is gone again, and no reported money of the order was refunded."""


_AFTER_FIRST_ANSWER: dict[type, State] = {
    NeedsBuyer: "waiting_for_buyer",
    Waiting: "pending",
    Unknown: "unknown",
    Issued: "waiting",
    Authorized: "authorized",
    Captured: "captured",
    Declined: "declined",
    Voided: "voided",
}
# Money of a payment that is over is refunded (KON-39, F32).
_LATE_MONEY: dict[type, State] = {Captured: "refunding", RefundRequested: "refunding"}
# An order that goes on is paid again by the money that is here, or staff accept that money as the whole.
_KEPT: dict[type, State] = {SaleHereAgain: "captured", ShortMoneyAccepted: "captured"}
_HELD_AGAIN: dict[type, State] = {ReauthorizationRequested: "reauthorizing", HoldHereAgain: "authorized"}
_BESIDE: dict[type, State] = {ShortMoneyHere: "short"}

NEXT: dict[State, dict[type, State]] = {
    # Money may be here already: staff record a bank deposit before its number is issued.
    "placed": {
        NumberRequested: "requested",
        VoidRequested: "voided",
        Captured: "captured",
        RefundRequested: "refunding",
    },
    "requested": _AFTER_FIRST_ANSWER,
    "waiting_for_buyer": _AFTER_FIRST_ANSWER,
    "pending": {
        kind: state for kind, state in _AFTER_FIRST_ANSWER.items() if kind not in (NeedsBuyer, Unknown)
    },
    "unknown": _AFTER_FIRST_ANSWER,
    "waiting": {
        VoidRequested: "voiding",
        Captured: "captured",
        ShortMoneyAccepted: "captured",
        Voided: "voided",
        Expired: "expired",
    },
    "authorized": {
        CaptureRequested: "capturing",
        VoidRequested: "voiding",
        Captured: "captured",
        CapturedInPart: "short",
        CaptureDeclined: "declined",
        Voided: "voided",
        Expired: "expired",
    },
    "capturing": {
        Waiting: "capturing",
        Unknown: "capturing",
        Captured: "captured",
        CapturedInPart: "short",
        PartCaptured: "authorized",
        CaptureDeclined: "declined",
        CaptureRefused: "authorized",
        Voided: "voided",
        Expired: "expired",
    },
    # The earlier hold ended, and the new one is not known yet.
    "reauthorizing": {
        Waiting: "reauthorizing",
        Unknown: "reauthorizing",
        Authorized: "authorized",
        Declined: "declined",
        Voided: "voided",
        CapturedInPart: "short",
    },
    # Part of the money, or none of it, is here, and no hold covers the rest.
    "short": {
        Captured: "captured",
        ShortMoneyAccepted: "captured",
        ReauthorizationRequested: "reauthorizing",
        HoldHereAgain: "authorized",
        RefundRequested: "refunding",
        NothingLeft: "voided",
    },
    "captured": {
        RefundRequested: "refunding",
        CapturedInPart: "short",
        Reopened: "waiting",
        NothingLeft: "voided",
    },
    "voiding": {
        Voided: "voided",
        Expired: "voided",
        Declined: "voided",
        Captured: "captured",
        CapturedInPart: "short",
    },
    "refunding": {
        SaleHereAgain: "captured",
        RefundWaiting: "refunding",
        Refunded: "refunded",
        RefundDeclined: "owed",
        NothingLeft: "voided",
    },
    # Money that is here must be refunded, and a refund of it failed. Staff try again, or refund it by another way.
    "owed": {**_LATE_MONEY, **_KEPT, NothingLeft: "voided"},
    "voided": _LATE_MONEY | _HELD_AGAIN | _BESIDE,
    "declined": _LATE_MONEY | _HELD_AGAIN | _BESIDE,
    "expired": _LATE_MONEY | _HELD_AGAIN | _BESIDE,
    "refunded": {**_LATE_MONEY, **_KEPT, RecordTakenBack: "owed"},
    "unmanaged": {},
}

NOT_YET: frozenset[State] = frozenset({"placed", "requested", "waiting_for_buyer", "pending", "unknown"})
"""States in which the provider's first answer is still expected."""
OVER: frozenset[State] = frozenset({"voided", "declined", "expired", "refunded", "owed", "unmanaged"})
"""States in which nothing more is expected of the buyer or the provider."""

# Which answers end a request. Any other answer leaves it open, and Noren asks again.
CONCLUDES: Mapping[Operation, tuple[type, ...]] = {
    "authorize": (Authorized, Declined, Captured, Voided),
    "reauthorize": (Authorized, Declined, Voided),
    "issue": (Issued, Declined, Captured, Voided),
    "capture": (Captured, CaptureDeclined, CaptureRefused, Voided, Expired),
    "void": (Voided, Captured, Declined, Expired),
    "refund": (Refunded, RefundDeclined),
    "tell_shipped": (ShippingNoted, ShippingRefused),
}


# A request is made only in the states of its operation. In any other state nobody needs it any more.
WANTED_IN: Mapping[Operation, frozenset[State]] = {
    "authorize": NOT_YET,
    "reauthorize": frozenset({"reauthorizing"}),
    "issue": NOT_YET,
    "capture": frozenset({"capturing"}),
    # This includes voided payments: a hold that Noren requested may still appear.
    "void": frozenset({"voiding", "expired", "voided", "declined"}),
    # As long as one is in progress: also of a paid order, and after its money was taken back.
    "refund": frozenset(NEXT) - {"refunded", "owed", "unmanaged"},
    # A sent parcel is reported as long as the order is paid or is still to be paid.
    "tell_shipped": frozenset(NEXT) - OVER,
}

ENDS_A_HOLD = (Voided, Expired, CaptureDeclined)
"""Answers after which nothing is held any more. They name the hold if there was more than one."""
