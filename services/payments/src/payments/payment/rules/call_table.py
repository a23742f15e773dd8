"""All calls of a payment in one table: what begins each, what ends it, and which deed of staff leads out. Pure.

The rules name only what happened: ``draft.call("capture refused")`` begins a call, ``draft.end_calls("paid")`` ends
some. The table says which. A deed is the last part of its path (``desk/deeds.py``). A call without a deed is ended by
the provider's answer, or at the order: staff capture again, or cancel.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from shared.events.payments import Call

CallBegin = Literal[
    "money below the total",
    "hold ended after a part",
    "money of the sale missing again",
    "money beyond the total",
    "money after the end",
    "money after a loss to a bank",
    "capture declined",
    "capture refused",
    "refund declined",
    "refund taken back",
    "refund by others",
    "refund of more than was here",
    "refund reported otherwise",
    "receipt reported otherwise",
    "disowned object reported again",
    "disowned object counted again",
    "deadline reported otherwise",
    "answer about something else",
    "receipt booked nowhere",
    "chargeback open",
    "chargeback lost",
    "receipt taken back by the till",
    "report of a parcel refused",
    "hold of others",
    "charge without a name",
    "request without an answer",
    "hold ended",
]
"""What begins a call. Each begins exactly one."""

CallEnd = Literal[
    "another call about spare money",
    "no spare money here",
    "no money here",
    "nothing left to refund",
    "failed refund counted again",
    "all money requested back",
    "paid",
    "held",
    "kept for the order",
    "capture requested",
    "refund requested",
    "order cancelled",
    "order cancelled, and no receipt lost",
    "paid order cancelled",
    "nothing paid and nothing lost",
    "every disowned receipt booked",
    "no refund by others left",
    "no unexplained loss left",
    "all reports fit",
    "no chargeback open",
    "no loss to a bank left",
    "no hold of others left",
    "every charge has a name",
    "request answered",
    "seen",
    "seen, without spare money",
    "seen, without an open chargeback",
    "seen, without an object of others",
    "seen, with nothing owed",
    "seen, after the cancellation",
]
"""What ends calls. "seen" is the deed 確認済みにする; the words after the comma are a condition. If it is not
true, the call stays."""


@dataclass(frozen=True)
class CallRule:
    """The life of one call. ``deeds`` are the ways out for staff; some end it only after the provider's answer."""

    begins: tuple[CallBegin, ...]
    ends: tuple[CallEnd, ...]
    deeds: tuple[str, ...] = ()


CALLS: Mapping[Call, CallRule] = {
    "short_money": CallRule(
        begins=("money below the total", "hold ended after a part", "money of the sale missing again"),
        ends=(
            "another call about spare money",
            "no spare money here",
            "no money here",
            "all money requested back",
            "paid",
            "kept for the order",
        ),
        deeds=("accept", "deposit", "reauthorize"),
    ),
    "excess_money": CallRule(
        begins=("money beyond the total",),
        ends=(
            "another call about spare money",
            "no spare money here",
            "no money here",
            "paid",
            "kept for the order",
            "seen, without spare money",
        ),
        deeds=("refund-spare", "outside", "seen"),
    ),
    "late_money": CallRule(
        begins=("money after the end", "money after a loss to a bank"),
        ends=(
            "another call about spare money",
            "no spare money here",
            "no money here",
            "paid",
            "kept for the order",
            "seen, without spare money",
        ),
        deeds=("refund", "outside", "keep", "seen"),
    ),
    "capture_failed": CallRule(
        begins=("capture declined", "capture refused"),
        ends=("paid", "held", "capture requested", "order cancelled", "seen, after the cancellation"),
        deeds=("reauthorize", "seen"),
    ),
    "refund_failed": CallRule(
        begins=("refund declined", "refund taken back"),
        ends=(
            "refund requested",
            "no money here",
            "nothing left to refund",
            "failed refund counted again",
            "kept for the order",
            "paid order cancelled",
            "seen, with nothing owed",
        ),
        deeds=("refund", "refund-spare", "part-refund", "outside", "keep", "seen"),
    ),
    "refunded_elsewhere": CallRule(
        begins=("refund by others",),
        ends=("no refund by others left", "seen"),
        deeds=("seen",),
    ),
    "chargeback": CallRule(
        begins=("chargeback open",),
        ends=("no chargeback open", "seen, without an open chargeback"),
        deeds=("chargeback", "seen"),
    ),
    "chargeback_lost": CallRule(
        begins=("chargeback lost",),
        ends=("no loss to a bank left", "seen"),
        deeds=("chargeback/reopen", "seen"),
    ),
    "receipt_reversed": CallRule(
        begins=("receipt taken back by the till",),
        ends=("paid", "order cancelled, and no receipt lost", "nothing paid and nothing lost", "seen"),
        deeds=("seen",),
    ),
    "refund_unexplained": CallRule(
        begins=("refund of more than was here",),
        ends=("no unexplained loss left", "seen"),
        deeds=("deposit", "seen"),
    ),
    "receipt_nowhere": CallRule(
        begins=("receipt booked nowhere",),
        ends=("every disowned receipt booked", "seen"),
        deeds=("count-again", "seen"),
    ),
    "shipping_untold": CallRule(
        begins=("report of a parcel refused",),
        ends=("seen",),
        deeds=("seen",),
    ),
    "answer_mismatch": CallRule(
        begins=(
            "answer about something else",
            "refund reported otherwise",
            "receipt reported otherwise",
            "disowned object reported again",
            "disowned object counted again",
            "deadline reported otherwise",
        ),
        ends=("all reports fit", "seen, without an object of others"),
        deeds=("disown", "deny", "move", "count-again", "seen"),
    ),
    "other_hold": CallRule(
        begins=("hold of others",),
        ends=("no hold of others left", "seen"),
        deeds=("seen",),
    ),
    "charge_unknown": CallRule(
        begins=("charge without a name",),
        ends=("every charge has a name", "seen"),
        deeds=("seen",),
    ),
    "no_answer": CallRule(
        begins=("request without an answer",),
        ends=("request answered",),
    ),
    "authorization_ended": CallRule(
        begins=("hold ended",),
        ends=("paid", "held", "order cancelled", "seen, after the cancellation"),
        deeds=("reauthorize", "seen"),
    ),
}

BEGUN_BY: Mapping[CallBegin, Call] = {begin: call for call, rule in CALLS.items() for begin in rule.begins}
"""The call that each of these begins."""
ENDED_BY: dict[CallEnd, tuple[Call, ...]] = {}
"""The calls that each of these ends, if they stand."""
for _call, _rule in CALLS.items():
    for _end in _rule.ends:
        ENDED_BY[_end] = (*ENDED_BY.get(_end, ()), _call)
