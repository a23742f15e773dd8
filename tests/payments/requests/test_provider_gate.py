"""Questions to providers are bounded in number and time, and a provider that does not answer is left in peace."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from harness.eventually import eventually
from harness.trouble import time_passed
from payments.methods.registry import Methods
from payments.payment.rules.answers import Answer, Captured, Issued, Refunded, Unknown, Voided, Waiting
from payments.payment.rules.moves import MoneyOperation
from payments.payment.rules.payment import Payment
from payments.requests.provider_gate import SILENCES_MAX, Breaker, Patience, ProviderGate
from shared.clock import elapsed
from tests.payments.payment_examples import AT, NEW, PAID
from tests.payments.scripted import Scripted

PAYMENT = replace(NEW, method="scripted")
SILENCE = Unknown(reason="timeout")


def gate_of(method: Scripted, **patience: float) -> ProviderGate:
    """The gate of one method, with little patience."""
    return ProviderGate(Methods([method]), Patience(**patience))


ANSWERS: Sequence[tuple[MoneyOperation, Answer]] = [
    ("authorize", Waiting()),
    ("issue", Issued(number="1", number_label="番号", due_at=AT.replace(year=2099))),
    ("capture", Captured(amount=700, captured_at=AT, receipt_id="r")),
    ("void", Voided()),
    ("refund", Refunded(refund_ref="f", amount=700)),
]


@pytest.mark.parametrize(("operation", "answer"), ANSWERS)
async def test_each_operation_reaches_its_method_with_amount_and_key(
    operation: MoneyOperation, answer: Answer
) -> None:
    method = Scripted()
    method.script = [answer]
    assert await gate_of(method).make(operation, PAYMENT, amount=700, key="k1") == answer
    amount = 700 if operation in ("capture", "refund") else 3_300
    assert method.asked == [(operation, amount, "k1")]
    assert method.about == [PAYMENT]


async def test_a_look_up_brings_all_answers_in_their_order() -> None:
    method = Scripted()
    method.known = [(Waiting(), PAID)]
    assert await gate_of(method).look_up(PAYMENT) == (Waiting(), PAID)


async def test_an_answer_that_does_not_come_in_time_is_unknown() -> None:
    method = Scripted()
    method.silence.clear()
    answer = await gate_of(method, answer_seconds=0.05).make("void", PAYMENT, amount=1, key="k")
    assert answer == Unknown(reason="timeout")


async def test_a_bug_in_a_method_decides_nothing() -> None:
    method = Scripted()
    method.script = [ZeroDivisionError()]
    answer = await gate_of(method).make("void", PAYMENT, amount=1, key="k")
    assert answer == Unknown(reason="method_failed:ZeroDivisionError")


async def test_a_provider_gets_no_more_calls_at_once_than_it_can_take() -> None:
    method = Scripted()
    method.silence.clear()
    method.script = [Voided(), Voided(), Voided()]
    gate = gate_of(method, slot_seconds=0.1)
    two = [asyncio.create_task(gate.make("void", PAYMENT, amount=1, key="k")) for _ in range(2)]
    await eventually(lambda: len(method.asked) == 2)
    third = await gate.make("void", PAYMENT, amount=1, key="k")
    assert third == Unknown(reason="provider_busy", retry_after_seconds=0.1)
    assert len(method.asked) == 2
    method.silence.set()
    assert await asyncio.gather(*two) == [Voided(), Voided()]
    assert await gate.make("void", PAYMENT, amount=1, key="k") == Voided()


async def test_a_provider_silent_in_a_row_rests_and_is_asked_again() -> None:
    method = Scripted()
    gate = gate_of(method, pause_seconds=0.4, silence_seconds_min=0)
    few = [SILENCE] * (SILENCES_MAX - 1)
    method.script = [*few, Voided(), *few]
    for _ in range(2 * SILENCES_MAX - 1):
        await gate.make("void", PAYMENT, amount=1, key="k")
    assert len(method.asked) == 2 * SILENCES_MAX - 1, "an answer in between starts the count anew"
    method.known = [(Waiting(), SILENCE)]
    assert await gate.look_up(PAYMENT) == (Waiting(), SILENCE)
    asked = len(method.asked)
    [paused] = await gate.look_up(PAYMENT)
    assert isinstance(paused, Unknown)
    assert paused.reason == "provider_paused"
    assert paused.retry_after_seconds is not None
    assert 0 < paused.retry_after_seconds <= 0.4
    assert len(method.asked) == asked, "nobody was asked"
    method.known = [(Waiting(),)]

    async def answers() -> None:
        assert await gate.look_up(PAYMENT) == (Waiting(),)

    await eventually(answers)


async def test_a_provider_that_stays_silent_rests_after_as_many_calls() -> None:
    method = Scripted()
    method.known = [(SILENCE,)]
    gate = gate_of(method, pause_seconds=60, silence_seconds_min=0)
    for _ in range(SILENCES_MAX + 3):
        await gate.look_up(PAYMENT)
    assert len(method.asked) == SILENCES_MAX
    with time_passed(61):
        for _ in range(SILENCES_MAX + 3):
            await gate.look_up(PAYMENT)
        assert len(method.asked) == 2 * SILENCES_MAX


async def test_patience_outlasts_slow_answers_and_fits_into_the_lease() -> None:
    usual = Patience()
    assert usual.slot_seconds + usual.answer_seconds < 30
    assert (usual.slot_seconds, usual.answer_seconds, usual.pause_seconds) == (8, 12, 10)


async def test_connections_that_break_together_are_no_long_silence() -> None:
    method = Scripted()
    method.known = [(SILENCE,)]
    gate = gate_of(method, pause_seconds=60)
    for _ in range(2 * SILENCES_MAX):
        await gate.look_up(PAYMENT)
    assert len(method.asked) == 2 * SILENCES_MAX, "nobody is left in peace within the first second"
    with time_passed(1.01):
        await gate.look_up(PAYMENT)
        [paused] = await gate.look_up(PAYMENT)
        assert isinstance(paused, Unknown)
        assert paused.reason == "provider_paused"


async def test_answers_awaited_in_vain_together_are_a_long_silence() -> None:
    breaker = Breaker(Scripted(), Patience())
    for _ in range(SILENCES_MAX):
        breaker.note(silent=True, asked_at=elapsed() - Patience().answer_seconds)

    async def never() -> Answer:
        raise AssertionError("asked although it is silent")

    paused = await breaker.ask("void", never)
    assert isinstance(paused, Unknown)
    assert paused.reason == "provider_paused"


async def test_each_answer_is_logged_with_the_order_and_what_was_asked() -> None:
    method = Scripted()
    method.known, method.script = [(Waiting(), SILENCE)], [Voided()]
    gate = gate_of(method)
    with capture_logs() as logs:
        await gate.look_up(PAYMENT)
        await gate.make("void", PAYMENT, amount=1, key="k")
    usual = {"event": "provider.answered", "log_level": "info", "method": "scripted"}
    assert logs == [
        {
            **usual,
            "order_code": PAYMENT.order_code,
            "call": "look_up",
            "answers": ["Waiting", "Unknown"],
            "reason": "timeout",
        },
        {**usual, "order_code": PAYMENT.order_code, "call": "void", "answers": ["Voided"], "reason": None},
    ]


class Broken(Scripted):
    """A method that cannot look anything up."""

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Fail."""
        raise ZeroDivisionError


async def test_a_look_up_that_fails_is_logged_as_one() -> None:
    with capture_logs() as logs:
        [answer] = await gate_of(Broken()).look_up(PAYMENT)
    assert answer == Unknown(reason="method_failed:ZeroDivisionError")
    assert [line["call"] for line in logs if line["event"] == "provider.call_failed"] == ["look_up"]


async def test_a_bug_is_logged_by_kind_and_place_alone() -> None:
    method = Scripted()
    method.script = [ValueError("山田 花子 hanako@example.jp")]
    with capture_logs() as logs:
        await gate_of(method).make("capture", PAYMENT, amount=1, key="k")
    [line] = [line for line in logs if line["event"] == "provider.call_failed"]
    assert line["error"] == "ValueError"
    assert "scripted.py:" in line["at"][-1]
    assert "hanako" not in str(logs)


async def test_a_bug_and_a_provider_that_is_left_in_peace_are_logged() -> None:
    method = Scripted()
    method.script = [ZeroDivisionError()] * SILENCES_MAX
    gate = gate_of(method, pause_seconds=60, silence_seconds_min=0)

    with capture_logs() as logs:
        for _ in range(SILENCES_MAX):
            await gate.make("capture", PAYMENT, amount=1, key="k")
    failed = [line for line in logs if line["event"] == "provider.call_failed"]
    assert [(line["provider"], line["call"], line["log_level"]) for line in failed] == [
        ("scripted", "capture", "error")
    ] * SILENCES_MAX
    [paused] = [line for line in logs if line["event"] == "provider.paused"]
    assert (paused["provider"], paused["seconds"], paused["log_level"]) == ("scripted", 60, "warning")
