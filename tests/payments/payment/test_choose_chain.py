"""A buyer who chooses another chain is told the number in its words, while the number can be paid."""

from dataclasses import replace
from datetime import timedelta

import pytest

from payments.payment.rules.details import Number
from payments.payment.rules.drafting import Settled
from payments.payment.rules.numbers import choose_chain
from payments.payment.rules.payment import Payment
from shared.errors import Refused
from shared.events import PaymentNumberIssued
from tests.payments.payment_examples import AT, DUE, KONBINI, NUMBER, payment, says

WAITS = payment("waiting", number=NUMBER, refs={"chain": "lawson", "n": "1"}, page_url="https://shop/p")
IN_WORDS = {
    "lawson": NUMBER,
    "ministop": replace(NUMBER, chain="ministop", label="お客様番号"),
    "seven_eleven": replace(NUMBER, chain="seven_eleven", number="99-123", confirmation_number=None),
}


def number_to_show(one: Payment) -> Number | None:
    return IN_WORDS.get(one.refs.get("chain", ""))


def chooses(before: Payment, chain: str) -> Settled:
    return choose_chain(before, chain, f"name of {chain}", number_to_show, KONBINI, AT)


def test_the_number_is_said_in_the_words_of_the_chain() -> None:
    settled = chooses(WAITS, "seven_eleven")

    assert settled.payment.refs.items() >= {"chain": "seven_eleven", "n": "1"}.items()
    expected = {
        "amount": 3_300,
        "number": "99-123",
        "chain": "seven_eleven",
        "chain_name": "name of seven_eleven",
        "number_label": NUMBER.label,
        "confirmation_number": None,
        "due_at": DUE,
        "accepted_until": DUE + KONBINI.grace,
        "page_url": "https://shop/p",
        "chosen_anew": True,
        "send_mail": True,
    }
    says(settled, (PaymentNumberIssued, expected | {"occurred_at": AT}))


def test_no_mail_goes_out_where_the_number_stays() -> None:
    (event,) = chooses(WAITS, "ministop").events

    assert isinstance(event, PaymentNumberIssued)
    assert (event.number_label, event.send_mail) == ("お客様番号", False)


def test_a_choice_is_kept_and_not_said_where_it_cannot_be_paid() -> None:
    for before in (
        replace(WAITS, order_cancelled=True),
        replace(WAITS, state="captured"),
        replace(WAITS, refs={}),
    ):
        settled = chooses(before, "ministop")
        assert (settled.payment.refs["chain"], settled.events) == ("ministop", ())
    assert chooses(WAITS, "unknown chain").events == ()
    assert chooses(WAITS, "lawson").events == ()


def test_one_number_goes_out_by_mail_once() -> None:
    mailed, now_at = [], WAITS
    for chain in ("seven_eleven", "lawson", "ministop", "seven_eleven"):
        settled = chooses(now_at, chain)
        now_at = settled.payment
        mailed += [
            chain for event in settled.events if isinstance(event, PaymentNumberIssued) and event.send_mail
        ]

    assert mailed == ["seven_eleven"]


def test_a_chain_is_changed_five_times_an_hour_at_most() -> None:
    before = WAITS
    for chain in ("seven_eleven", "lawson", "ministop", "lawson", "ministop"):
        before = chooses(before, chain).payment

    with pytest.raises(Refused, match="1時間に5回まで"):
        chooses(before, "lawson")
    assert chooses(before, "ministop").events == ()
    later = choose_chain(before, "lawson", "name", number_to_show, KONBINI, AT + timedelta(minutes=61))
    assert len(later.events) == 1
