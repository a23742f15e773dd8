"""The promises about money hold for payments that left the straight way as the rules allow."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import pytest

from payments.chargebacks.rules import decide_chargeback
from payments.payment.rules import order_wishes
from payments.payment.rules.answers import Chargeback
from payments.payment.rules.moves import NEXT
from payments.payment.rules.payment import Payment
from payments.payment.rules.settling import settle_answer
from payments.refunds.rules import record_outside_refund
from proof.observers import Movement, Outside
from proof.promises import Check
from proof.promises.money import deposits_are_booked_once, journal_balances, taken_money_is_for_an_order
from proof.promises.steps import PAYMENT_STEPS
from tests.payments.payment_examples import AT, CARD, payment

Line = tuple[str, str, str, int]
"""Reason, debit, credit, yen."""
SALE: Line = ("sale", "receivable", "sales", 3_300)
BACK: Line = ("refund", "refunds", "receivable", 3_300)
LOST: Line = ("reversed_after_refund", "losses", "receivable", 3_300)
REVERSED: Line = ("sale_reversed", "sales", "receivable", 3_300)


class Seen:
    """One payment as it stands in the tables, beside what its provider's ledger says."""

    def __init__(
        self,
        lines: Sequence[Line],
        kinds: Sequence[str],
        *,
        order_status: str = "cancelled",
        attention: str = "",
        beside_provider_amount: int = 0,
        **amounts: int,
    ) -> None:
        self._lines = lines
        self._kinds = kinds
        self._order = {"code": "N1", "status": order_status, "deposit": "unpaid", "total": 3_300}
        self._payment = {
            "payment_id": 1,
            "order_code": "N1",
            "captured_amount": 0,
            "suspense_amount": 0,
            "refunded_amount": 0,
            "attention": attention,
            "details": {"beside_provider_amount": beside_provider_amount},
        } | amounts

    async def rows(self, service: str, sql: str) -> list[Mapping[str, Any]]:
        """Answer what a promise asks of the tables."""
        if service == "checkout":
            return [self._order]
        if "journal_lines" in sql:
            return [line for number, one in enumerate(self._lines) for line in self._sides(number, one)]
        if "FROM receipts r" in sql:
            return []
        return [{"payment_id": 1, "amount": 3_300}] if "receipts" in sql else [self._payment]

    def _sides(self, number: int, line: Line) -> list[Mapping[str, Any]]:
        reason, debit, credit, amount = line
        about = {"payment_id": 1, "reason": reason, "subject": str(number)}
        return [
            about | {"account": debit, "debit": amount, "credit": 0},
            about | {"account": credit, "debit": 0, "credit": amount},
        ]

    async def movements(self) -> list[Movement]:
        """Answer what the provider's ledger says."""
        return [Movement("konbini", kind, 3_300, "c1", "c1", "", "", order_code="N1") for kind in self._kinds]

    async def said(self, _: str) -> list[Any]:
        """No member of staff recorded a deposit."""
        return []


@pytest.mark.parametrize(
    "seen",
    [
        Seen([SALE], ["paid"], captured_amount=3_300),
        Seen([SALE, REVERSED], ["paid", "reversed"]),
        Seen(
            [SALE, BACK, LOST], ["paid", "refunded", "reversed"], captured_amount=3_300, refunded_amount=3_300
        ),
    ],
    ids=["paid", "reversed", "reversed after a refund"],
)
async def test_what_came_to_nothing_is_no_violation(seen: Seen) -> None:
    for promise in (deposits_are_booked_once, journal_balances):
        check = Check()
        await promise(cast(Outside, seen), check)
        assert check.violations == []


async def test_a_receipt_that_nobody_booked_is_a_violation() -> None:
    check = Check()
    await deposits_are_booked_once(cast(Outside, Seen([], ["paid"])), check)
    assert check.violations


def _decided(state: Literal["won", "lost"]) -> Payment:
    """A paid order that was cancelled while its chargeback was open, after the decision."""
    paid = payment("captured", authorization_id="a1", captured_amount=3_300, receipts=("r1",))
    disputed = settle_answer(paid, None, Chargeback(reference="d1", amount=3_300), AT, CARD).payment
    cancelled = order_wishes.cancel(disputed, AT).payment
    return decide_chargeback(cancelled, AT, reference="d1", state=state, by="佐藤").payment


def _recorded() -> Payment:
    """A cancelled order whose refund failed, and staff recorded another."""
    owed = payment("owed", captured_amount=3_300, receipts=("r1",), order_cancelled=True)
    return record_outside_refund(
        owed, AT, ref="desk:1", amount=3_300, route="bank_transfer", note="", by="佐藤"
    ).payment


@pytest.mark.parametrize(
    ("left", "kinds"),
    [
        (_decided("lost"), ["captured"]),
        (_decided("won"), ["captured", "refund_initiated"]),
        (_recorded(), ["captured"]),
        (payment("voided", order_cancelled=True), ["paid", "reversed"]),
    ],
    ids=["lost to the bank", "not lost", "refund recorded", "reversed"],
)
@pytest.mark.parametrize("status", ["cancelled", "in_progress"])
async def test_money_that_is_gone_is_no_violation_once_seen(
    left: Payment, kinds: list[str], status: str
) -> None:
    seen = Seen([], kinds, order_status=status, beside_provider_amount=left.beside_provider_amount)
    check = Check()
    await taken_money_is_for_an_order(cast(Outside, seen), check)
    assert check.violations == []


@pytest.mark.parametrize("status", ["cancelled", "in_progress"])
async def test_money_that_stays_of_no_paid_order_is_a_violation(status: str) -> None:
    seen = Seen([], ["captured"], order_status=status, beside_provider_amount=3_299)
    check = Check()
    await taken_money_is_for_an_order(cast(Outside, seen), check)
    assert check.violations


def test_every_step_of_a_payment_is_allowed() -> None:
    steps = {(before, after) for before, moves in NEXT.items() for after in moves.values() if before != after}
    assert steps <= PAYMENT_STEPS
