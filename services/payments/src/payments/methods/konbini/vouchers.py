"""What the collecting company's objects mean for a payment. Pure."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from payments.methods.konbini.chains import CHAINS, DEFAULT
from payments.methods.konbini.labels import KINDS
from payments.payment.rules.answers import Answer, Captured, Issued, Refunded, Reversed, Unknown, Voided
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.objects import no_longer_reported


class _Object(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Receipt(_Object):
    """Money that a till took, and perhaps took back on the same day (速報取消)."""

    receipt_id: str
    amount: int
    paid_at: datetime
    reversed_at: datetime | None = None


class Repayment(_Object):
    """A refund."""

    refund_id: str
    amount: int
    route: Literal["gift_card", "bank_transfer"]


class Voucher(_Object):
    """A number with its receipts and refunds."""

    number_id: str
    reference: str
    currency: str = "JPY"
    number_11: str
    number_13: str
    due_at: datetime
    closed_at: datetime | None = None
    receipts: tuple[Receipt, ...] = ()
    refunds: tuple[Repayment, ...] = ()


class NoticeBody(_Object):
    """What the company posts after a till took money, or took it back. Staff see other kinds."""

    notice_id: str
    kind: str
    reference: str
    receipt_id: str = ""
    amount: int = 0

    @property
    def summary(self) -> str:
        """Return the notice in words."""
        word = KINDS.of(self.kind)
        return f"{word} ¥{self.amount:,}" if self.amount else word


def not_ours(voucher: Voucher, payment: Payment) -> Unknown | None:
    """Return why the company's answer is not about the payment's number; None if it is."""
    known = payment.refs.get("number_id", voucher.number_id)
    if voucher.reference != payment.payment_id.hex or voucher.number_id != known:
        return Unknown(reason="other_reference", mismatch=True)
    if voucher.currency != "JPY":
        return Unknown(reason="currency_differs", mismatch=True)
    return None


def issued(voucher: Voucher, chain_name: str) -> Answer:
    """Return the number in the words of the chain that the buyer chose at the order."""
    chain = CHAINS[chain_name or DEFAULT]
    digits = voucher.number_13 if chain.digits == 13 else voucher.number_11
    lengths = (len(voucher.number_13), len(voucher.number_11))
    if lengths != (13, 11) or not (voucher.number_13 + voucher.number_11).isdecimal():
        return Unknown(reason="number_malformed")
    return Issued(
        number=digits,
        number_label=chain.number_label,
        due_at=voucher.due_at,
        chain=chain.name,
        chain_name=chain.label,
        confirmation_number=chain.confirmation,
        refs={
            "number_id": voucher.number_id,
            "number_11": voucher.number_11,
            "number_13": voucher.number_13,
        },
    )


def all_answers(voucher: Voucher, payment: Payment) -> list[Answer]:
    """Return everything that happened to the number, oldest first."""
    happened: list[tuple[datetime, Answer]] = [
        (one.paid_at, Captured(amount=one.amount, captured_at=one.paid_at, receipt_id=one.receipt_id))
        for one in voucher.receipts
    ]
    if voucher.closed_at is not None:
        happened.append((voucher.closed_at, Voided()))
    happened += [
        (one.reversed_at, Reversed(receipt_id=one.receipt_id, amount=one.amount))
        for one in voucher.receipts
        if one.reversed_at is not None
    ]
    happened.sort(key=lambda pair: pair[0])
    answers = [answer for _, answer in happened]
    gone = no_longer_reported(
        payment,
        receipts=[one.receipt_id for one in voucher.receipts],
        refunds=[one.refund_id for one in voucher.refunds],
    )
    number = issued(voucher, payment.choice.get("chain", ""))
    return [number, *answers, *map(_repaid, voucher.refunds), *gone]


def closed(voucher: Voucher, payment: Payment) -> Answer:
    """Return that the number is closed, or the money that came first."""
    reported = all_answers(voucher, payment)
    back = {answer.receipt_id for answer in reported if isinstance(answer, Reversed)}
    back |= set(payment.disowned)
    paid = [one for one in reported if isinstance(one, Captured) and one.receipt_id not in back]
    voided = [one for one in reported if isinstance(one, Voided)]
    return [reported[0], *voided, *paid][-1]


def last_refund(voucher: Voucher, payment: Payment, amount: int) -> Answer:
    """Return the refund of ``amount`` yen that was just made: the last one that the payment does not know."""
    unknown = [one for one in voucher.refunds if one.refund_id not in payment.refunds]
    new = [one for one in unknown if one.amount == amount] or unknown
    return _repaid(new[-1]) if new else Unknown(reason="no_refund_in_answer")


def _repaid(refund: Repayment) -> Refunded:
    return Refunded(refund_ref=refund.refund_id, amount=refund.amount, route=refund.route)
