"""What a provider answered is told at the desk in Japanese, whatever it was."""

from typing import get_args

import pytest

from payments.domain.answers import Answer
from payments.labels import ANSWERS, OPERATIONS, REFUSALS, cause, refusal


@pytest.mark.parametrize("answer", [one.__name__ for one in get_args(Answer)])
@pytest.mark.parametrize("operation", [*OPERATIONS, "look_up"])
def test_an_answer_is_told_in_the_words_of_the_desk(operation: str, answer: str) -> None:
    assert cause(f"{operation}: {answer}").isascii() is False
    assert ":" not in cause(f"{operation}: {answer}")


def test_there_are_words_for_nothing_that_cannot_be_answered() -> None:
    assert set(ANSWERS) == {one.__name__ for one in get_args(Answer)}


@pytest.mark.parametrize("reason", ["amount_differs", "amount_changed", "heard_by_a_look"])
def test_our_own_reasons_against_a_request_have_words_and_a_provider_s_stay_codes(reason: str) -> None:
    assert refusal(reason) == REFUSALS[reason]
    assert not refusal(reason).isascii()
    assert refusal("TransactionAmountExceeded") == "TransactionAmountExceeded"
