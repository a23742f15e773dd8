"""Whether an answer is about the request, and whether the books can hold it. Pure.

Any other answer is not believed. It becomes ``Unknown`` with ``mismatch``, which calls a person.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime

from payments.payment.rules.answers import Answer, Authorized, Captured, Issued, Refunded, Unknown
from payments.payment.rules.moves import NOT_YET, Operation
from payments.payment.rules.payment import Payment

YEN_MAX = 999_999_999_999
"""More yen than any order costs. Sums of it still fit into 64 bits."""
YEARS = range(2000, 2200)
ID_LENGTH_MAX = 200
TEXT_LENGTH_MAX = 4_000
DEADLINE_PASSED = "deadline_passed"
"""The reason of an answer about a number that was over before Noren knew it."""
_IDS = ("_id", "_ref", "reference", "number")


def checked(
    payment: Payment, answer: Answer, at: datetime, *, operation: Operation | None = None, amount: int = 0
) -> Answer:
    """Return ``answer``, or ``Unknown`` instead if it cannot be the answer to the request.

    ``operation`` and ``amount`` (yen) are the request, None for a look-up.
    """
    reason = _why_not_storable(answer) or _why_not_ours(payment, answer, at, operation)
    if reason:
        # The payment's own number can be closed by its ids, although nobody pays with it any more.
        refs = answer.refs if reason == DEADLINE_PASSED else {}
        return Unknown(reason=reason, mismatch=True, refs=refs)
    if operation == "refund" and isinstance(answer, Refunded) and answer.amount != amount:
        return Unknown(reason="amount_differs", mismatch=True, unfit_refund_ref=answer.refund_ref)
    if operation == "capture" and isinstance(answer, Captured) and answer.amount != amount:
        # Less may have been captured in the console. Only a look-up shows it.
        return Unknown(reason="amount_differs", mismatch=True)
    return answer


def _why_not_storable(answer: Answer) -> str:
    """Return why the books cannot hold ``answer``, or "": amounts, moments and lengths of texts have limits."""
    moves_money = isinstance(answer, Captured | Refunded)
    for one in fields(answer):
        value = getattr(answer, one.name)
        if isinstance(value, int) and one.name.endswith("amount"):
            if not (1 if moves_money and one.name == "amount" else 0) <= value <= YEN_MAX:
                return "amount_impossible"
        elif isinstance(value, datetime):
            if value.utcoffset() is None or value.year not in YEARS:
                return "moment_impossible"
        elif isinstance(value, str | Mapping | tuple) and not _is_short(one.name, value):
            return "text_too_long"
    return ""


def _is_short(name: str, value: str | Mapping[str, str] | tuple[str, ...]) -> bool:
    if isinstance(value, str):
        return len(value) <= (ID_LENGTH_MAX if name.endswith(_IDS) else TEXT_LENGTH_MAX)
    if isinstance(value, tuple):
        return all(len(text) <= ID_LENGTH_MAX for text in value)
    return all(len(text) <= ID_LENGTH_MAX for pair in value.items() for text in pair)


def _why_not_ours(payment: Payment, answer: Answer, at: datetime, operation: Operation | None) -> str:
    """Return why ``answer`` is about something other than the payment or the request, or ""."""
    renewed = payment.state == "reauthorizing" or operation == "reauthorize"
    own = {name: value for name, value in payment.refs.items() if value not in payment.disowned}
    if not renewed and any(own.get(name, value) != value for name, value in answer.refs.items()):
        return "other_reference"
    match answer:
        case Captured() if answer.receipt_id in payment.booked_elsewhere:
            return "booked_elsewhere"
        case Issued():
            if payment.number is None:
                return "" if answer.due_at > at else DEADLINE_PASSED
            return "" if answer.number == payment.number.number else "other_reference"
        case Authorized() if answer.authorization_id not in payment.ended_holds:
            requested = payment.missing_amount if renewed else payment.amount
            awaited = renewed or payment.state in NOT_YET
            return "amount_differs" if awaited and answer.amount != requested else ""
    return ""
