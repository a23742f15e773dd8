"""When the provider's silence or a mismatch calls staff, and what the desk tells them to do."""

from datetime import timedelta

import pytest

from payments.desk.call_labels import calls
from payments.payment.rules.answers import (
    Voided,
    Waiting,
)
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import State
from payments.requests.outcomes import WAITING_ATTEMPTS_MAX, RequestOutcome, with_doubt
from tests.payments.payment_examples import AT, CARD, payment


@pytest.mark.parametrize("state", ["reauthorizing", "voiding"])
def test_a_hold_that_is_long_under_way_calls_a_person(state: State) -> None:
    waits = RequestOutcome("open", Waiting(), AT + timedelta(seconds=30))
    settled = Settled(payment(state, authorization_id="a1"))
    soon = with_doubt(settled, waits, WAITING_ATTEMPTS_MAX - 1, AT, CARD)
    assert soon.payment.calls == ()
    late = with_doubt(settled, waits, WAITING_ATTEMPTS_MAX, AT, CARD)
    assert late.payment.calls == ("no_answer",)
    over = with_doubt(late, RequestOutcome("done", Voided(), None), WAITING_ATTEMPTS_MAX + 1, AT, CARD)
    assert over.payment.calls == ()


@pytest.mark.parametrize("others", [(), ("of nothing here",)])
def test_a_mismatch_names_the_deed_that_leads_out(others: tuple[str, ...]) -> None:
    doubted = payment("captured", captured_amount=3_300, calls=("answer_mismatch",), refs_of_others=others)
    [(_, text)] = calls(doubted, CARD)
    assert "この画面で実際の状況を記録すると" in text
