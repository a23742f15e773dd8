"""What a provider answered is told at the desk in Japanese, whatever it was."""

from typing import get_args, get_type_hints

import pytest

from payments.desk.answer_labels import ANSWERS, REFUSALS
from payments.desk.history_labels import cause
from payments.payment.labels import OPERATIONS
from payments.payment.rules.answers import Answer, stored_name
from payments.payment.rules.details import CaptureWish
from payments.payment.rules.drafting import Draft
from payments.payment.rules.moves import Operation
from payments.payment.rules.order_wishes import request_capture
from tests.payments.payment_examples import AT, CARD, payment


@pytest.mark.parametrize("answer", [stored_name(one) for one in get_args(Answer)])
@pytest.mark.parametrize("operation", [*OPERATIONS, "look_up"])
def test_an_answer_is_told_in_the_words_of_the_desk(operation: str, answer: str) -> None:
    assert cause(f"{operation}: {answer}").isascii() is False
    assert ":" not in cause(f"{operation}: {answer}")


@pytest.mark.parametrize("source", get_args(get_type_hints(CaptureWish)["source"]))
def test_whoever_asks_for_the_money_is_told_in_japanese(source: str) -> None:
    holding = payment("authorized", authorization_id="a1")
    draft = Draft(holding, AT)
    request_capture(draft, CaptureWish(source), CARD)  # type: ignore[arg-type]
    [step] = draft.done().steps
    assert not cause(step.because).isascii()
    assert "admin" not in cause(step.because)


def test_a_void_that_is_under_way_is_not_called_an_examination() -> None:
    assert cause("void: Waiting") == "取消処理：手続き中です"
    assert cause("authorize: Waiting") == "与信：審査中です"


def test_every_operation_has_words() -> None:
    kinds = {kind for part in get_args(Operation) for kind in (get_args(part) or (part,))}
    assert set(OPERATIONS) == kinds


def test_there_are_words_for_nothing_that_cannot_be_answered() -> None:
    assert set(ANSWERS) == {stored_name(one) for one in get_args(Answer)}


@pytest.mark.parametrize("reason", ["amount_differs", "amount_changed", "heard_by_a_look"])
def test_our_own_reasons_have_words_and_a_providers_stay_codes(reason: str) -> None:
    words = REFUSALS[reason]
    assert not words.isascii()
