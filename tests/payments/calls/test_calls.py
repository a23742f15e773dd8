"""The table of calls is what the rules do: each begins and ends as it says, and its deeds are possible while it stands."""

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

import payments
from payments.calls.rules import calls_to_mark_seen, mark_seen
from payments.deposits import rules as deposits
from payments.deposits.rules import why_no_manual_deposit
from payments.desk.deeds import DEEDS
from payments.payment.rules import call_table, order_wishes
from payments.payment.rules.call_table import BEGUN_BY, CALLS, ENDED_BY, CallBegin, CallEnd
from payments.payment.rules.contradictions.count_again import may_be_counted_again
from payments.payment.rules.contradictions.deny import may_deny
from payments.payment.rules.contradictions.disown import receipts_to_disown, refunds_to_disown
from payments.payment.rules.details import Disowned, KnownChargeback
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.refunds import rules as refunds
from shared.events.payments import Call
from tests.payments.payment_examples import AT, BANK, CARD, RENEWABLE, payment

ROOT = Path(payments.__file__).parent
PAID: dict[str, Any] = {"state": "captured", "captured_amount": 3_300}
ENDED: dict[str, Any] = {"ended_holds": ("a1",)}
FOREIGN: dict[str, Any] = {**PAID, "refunds": ("f1",), "refunded_amount": 300, "refund_amounts": {"f1": 300}}
RECEIPT: dict[str, Any] = {**PAID, "receipts": ("r1",), "receipt_amounts": {"r1": 3_300}}
OPEN = KnownChargeback(reference="c1", amount=3_300)
DISOWNED = Disowned("receipt", 3_300, confirmed=False)
LOST = replace(OPEN, state="lost")

POSSIBLE: Mapping[str, Callable[[Payment, Terms], object]] = {
    "accept": lambda one, terms: deposits.may_accept_short(one),
    "deposit": lambda one, terms: not why_no_manual_deposit(one, terms, beside_the_sale=True),
    "keep": lambda one, terms: deposits.may_keep(one),
    "refund": lambda one, terms: refunds.may_refund_again(one),
    "refund-spare": refunds.may_refund_spare,
    "part-refund": refunds.part_refund_max,
    "outside": lambda one, terms: refunds.outside_amount_max(one),
    "reauthorize": order_wishes.may_reauthorize,
    "chargeback": lambda one, terms: one.open_chargebacks,
    "chargeback/reopen": lambda one, terms: [each for each in one.chargebacks if each.state != "open"],
    "seen": lambda one, terms: calls_to_mark_seen(one),
    "deny": lambda one, terms: may_deny(one),
    "disown": lambda one, terms: {
        **refunds_to_disown(one),
        **receipts_to_disown(one),
    },
    "move": lambda one, terms: [ref for ref in one.booked_elsewhere if deposits.may_move_here(one, ref)],
    "count-again": lambda one, terms: may_be_counted_again(one),
}
"""Whether a payment allows a deed, by its path."""

STANDS: Mapping[Call, list[tuple[dict[str, Any], Terms]]] = {
    "short_money": [
        ({"state": "short", "suspense_amount": 1_000, **ENDED}, RENEWABLE),
        ({"state": "waiting", "suspense_amount": 1_000}, BANK),
    ],
    "excess_money": [({**PAID, "suspense_amount": 500}, CARD), (PAID, CARD)],
    "late_money": [
        ({"state": "voided", "order_cancelled": True, "suspense_amount": 500}, CARD),
        ({"state": "owed", "suspense_amount": 3_300}, CARD),
        ({"state": "refunded", "order_cancelled": True}, CARD),
    ],
    "capture_failed": [
        ({"state": "authorized"}, RENEWABLE),
        ({"state": "voided", "order_cancelled": True}, CARD),
    ],
    "refund_failed": [
        ({"state": "owed", "order_cancelled": True, "suspense_amount": 3_300}, CARD),
        ({"state": "owed", "suspense_amount": 3_300}, CARD),
        ({**PAID, "suspense_amount": 500}, CARD),
        (PAID, CARD),
    ],
    "refunded_elsewhere": [(FOREIGN, CARD)],
    "chargeback": [({**PAID, "chargebacks": (OPEN,)}, CARD), (PAID, CARD)],
    "chargeback_lost": [({"state": "refunded", "chargebacks": (LOST,)}, CARD)],
    "receipt_reversed": [({"state": "waiting"}, CARD)],
    "receipt_nowhere": [({**RECEIPT, "disowned": {"r1": DISOWNED}}, CARD)],
    "refund_unexplained": [(FOREIGN, BANK)],
    "shipping_untold": [(PAID, CARD)],
    "answer_mismatch": [
        ({"state": "capturing"}, CARD),
        ({**RECEIPT, "receipt_amounts_in_doubt": {"r1": 300}}, CARD),
        ({**PAID, "booked_elsewhere": {"r9": "N2"}}, CARD),
        ({**RECEIPT, "disowned": {"r1": DISOWNED}}, CARD),
    ],
    "other_hold": [({"state": "authorized"}, CARD)],
    "charge_unknown": [(PAID, CARD)],
    "no_answer": [({"state": "unknown"}, CARD)],
    "authorization_ended": [
        ({"state": "voided", **ENDED}, RENEWABLE),
        ({"state": "voided", "order_cancelled": True}, CARD),
    ],
}
"""Payments with each call, which together allow all its deeds, each with the terms of its method."""


def standing(call: Call) -> Iterator[tuple[Payment, Terms]]:
    """The payments of STANDS with their call."""
    for fields, terms in STANDS[call]:
        yield payment(**fields, calls=(call,)), terms


def test_every_call_has_its_row_and_every_cause_one_call() -> None:
    assert set(CALLS) == set(get_args(Call))
    assert set(BEGUN_BY) == set(get_args(CallBegin))
    assert sum(len(rule.begins) for rule in CALLS.values()) == len(BEGUN_BY)
    assert set(ENDED_BY) == set(get_args(CallEnd))
    assert all(rule.begins and rule.ends for rule in CALLS.values())


def test_the_rules_name_every_begin_and_every_end() -> None:
    named: set[object] = set()
    for file in ROOT.rglob("*.py"):
        if file != Path(call_table.__file__):
            tree = ast.parse(file.read_text("utf-8"))
            named |= {one.value for one in ast.walk(tree) if isinstance(one, ast.Constant)}
    assert {*get_args(CallBegin), *get_args(CallEnd)} <= named


@pytest.mark.parametrize("call", get_args(Call))
def test_each_deed_of_a_call_is_possible_while_it_stands(call: Call) -> None:
    possible = {
        path for path, may in POSSIBLE.items() if any(may(one, terms) for one, terms in standing(call))
    }
    deeds = set(CALLS[call].deeds)
    assert deeds <= DEEDS.keys()
    assert deeds <= possible, deeds - possible


@pytest.mark.parametrize("call", get_args(Call))
def test_marking_as_seen_ends_just_what_the_table_says(call: Call) -> None:
    seen = [(one, terms) for one, terms in standing(call) if call in calls_to_mark_seen(one)]
    assert bool(seen) == ("seen" in CALLS[call].deeds)
    assert bool(seen) == any(end.startswith("seen") for end in CALLS[call].ends)
    for one, terms in seen:
        assert call not in mark_seen(one, terms, AT, by="受注 花子").payment.calls


def test_only_the_latest_call_about_spare_money_stands() -> None:
    about = ENDED_BY["another call about spare money"]
    for call in about:
        called = payment(calls=(*about, "no_answer")).with_call(call)
        assert called.calls == ("no_answer", call)
