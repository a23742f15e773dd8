"""Questions to providers: limited in number and time, and paused while a provider does not answer.

A method returns an answer. If it returns none in time, or fails, the answer is ``Unknown``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from traceback import extract_tb
from typing import TypeVar

import structlog

from payments.methods.method import (
    ANSWER_SECONDS_MAX,
    Authorizes,
    Captures,
    IssuesNumbers,
    LooksUp,
    Method,
    Reauthorizes,
    Refunds,
    ReportsParcels,
    Voids,
)
from payments.methods.registry import Methods
from payments.payment.rules.answers import Answer, Unknown
from payments.payment.rules.moves import MoneyOperation, Operation
from payments.payment.rules.order import Parcel
from payments.payment.rules.payment import Payment
from payments.payment.rules.reports.checking import checked
from payments.providers.provider import Provider
from payments.requests.stored_answers import is_storable
from shared.clock import elapsed, now

log = structlog.get_logger()

SILENCES_MAX = 5
"""After so many unanswered questions in a row, the questions to a provider are paused."""

RETRY_AFTER_SECONDS_MAX = 3_600.0

_UNASKED = ("provider_paused", "provider_busy")
"""Noren's own answers in place of the provider's. They do not count as silence; otherwise the pause would never end."""

T = TypeVar("T")


class NotOffered(Exception):
    """A rule asked a method for something that the method cannot do: its terms and its pieces do not fit. A bug."""

    def __init__(self, method: Method, what: str, payment: Payment) -> None:
        super().__init__(f"{method.kind} has no {what}, asked for {payment.order_code}")


@dataclass(frozen=True)
class Patience:
    """How long a question waits for a free slot and an answer, and how long a silent provider is asked nothing.

    Connections that break at the same moment, as after a restart of the provider, are no long silence. So at least
    ``silence_seconds_min`` lie between the first unanswered question and the pause.
    """

    slot_seconds: float = 8.0
    answer_seconds: float = ANSWER_SECONDS_MAX
    silence_seconds_min: float = 1.0
    pause_seconds: float = 10.0


class Breaker:
    """The circuit breaker of one provider in this process: its free slots, and whether it answers at present."""

    def __init__(self, provider: Provider, patience: Patience) -> None:
        self._provider = provider
        self._patience = patience
        self._slots = asyncio.Semaphore(provider.requests_at_once_max)
        self._silences = 0
        self._silent_since = 0.0
        self._silent_until = 0.0

    async def ask(self, what: str, question: Callable[[], Awaitable[T]]) -> T | Unknown:
        """Send ``question`` and return its answer, or ``Unknown`` instead."""
        wait = self._silent_until - elapsed()
        if wait > 0:
            return Unknown(reason="provider_paused", retry_after_seconds=wait)
        try:
            async with asyncio.timeout(self._patience.slot_seconds):
                await self._slots.acquire()
        except TimeoutError:
            return Unknown(reason="provider_busy", retry_after_seconds=self._patience.slot_seconds)
        try:
            async with asyncio.timeout(self._patience.answer_seconds):
                return await question()
        except TimeoutError:
            return Unknown(reason="timeout")
        except Exception as error:
            # A bug in a method must not decide about money: the request stays open, and staff see it. The log has
            # only classes and places: the text of an error may have a buyer's name or address.
            log.error(
                "provider.call_failed",
                provider=self._provider.name,
                call=what,
                error=type(error).__name__,
                at=[f"{place.filename}:{place.lineno}" for place in extract_tb(error.__traceback__)],
            )
            return Unknown(reason=f"method_failed:{type(error).__name__}")
        finally:
            self._slots.release()

    def note(self, *, silent: bool, asked_at: float) -> None:
        """Count unanswered questions in a row. After SILENCES_MAX of them, pause the questions to the provider.

        ``asked_at`` is the time of the question (:func:`shared.clock.elapsed`).
        """
        self._silences = self._silences + 1 if silent else 0
        if self._silences == 1:
            self._silent_since = asked_at
        if (
            self._silences >= SILENCES_MAX
            and elapsed() - self._silent_since >= self._patience.silence_seconds_min
        ):
            self._silences = 0
            seconds = self._patience.pause_seconds
            self._silent_until = elapsed() + seconds
            log.warning("provider.paused", provider=self._provider.name, seconds=seconds)


class ProviderGate:
    """The workers' questions to all providers. There is one object per process."""

    def __init__(self, methods: Methods, patience: Patience | None = None) -> None:
        self.methods = methods
        self._breakers = {one.name: Breaker(one, patience or Patience()) for one in methods.providers}

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        """Return everything that the provider knows about ``payment``; ``(Unknown,)`` if it does not answer."""
        method = self.methods[payment.method]
        breaker = self._breakers[method.provider.name]
        asked_at = elapsed()

        def question() -> Awaitable[Sequence[Answer]]:
            if not isinstance(method, LooksUp):
                raise NotOffered(method, "look_up", payment)
            return method.look_up(payment)

        found = await breaker.ask("look_up", question)
        answers = (
            (found,) if isinstance(found, Unknown) else tuple(_believable(payment, one) for one in found)
        )
        self._note(breaker, payment, "look_up", answers, asked_at)
        return answers

    async def tell_shipped(self, payment: Payment, parcel: Parcel, *, key: str) -> Answer:
        """Report the sent ``parcel`` to the provider, with ``key`` as idempotency key."""
        method = self.methods[payment.method]

        def question() -> Awaitable[Answer]:
            if not isinstance(method, ReportsParcels):
                raise NotOffered(method, "tell_shipped", payment)
            return method.tell_shipped(payment, parcel, key=key)

        return await self._ask("tell_shipped", payment, question)

    async def make(self, operation: MoneyOperation, payment: Payment, *, amount: int, key: str) -> Answer:
        """Send the question for ``operation``, with ``key`` as idempotency key."""
        method = self.methods[payment.method]

        def question() -> Awaitable[Answer]:
            match operation, method:
                case "authorize", Authorizes():
                    return method.authorize(payment, key=key)
                case "reauthorize", Reauthorizes():
                    return method.reauthorize(payment, amount=amount, key=key)
                case "issue", IssuesNumbers():
                    return method.issue(payment, key=key)
                case "capture", Captures():
                    return method.capture(payment, amount=amount, key=key)
                case "void", Voids():
                    return method.void(payment, key=key)
                case "refund", Refunds():
                    return method.refund(payment, amount=amount, key=key)
                case _:
                    raise NotOffered(method, operation, payment)

        return await self._ask(operation, payment, question, amount=amount)

    async def _ask(
        self,
        operation: Operation,
        payment: Payment,
        question: Callable[[], Awaitable[Answer]],
        *,
        amount: int = 0,
    ) -> Answer:
        breaker = self._breakers[self.methods[payment.method].provider.name]
        asked_at = elapsed()
        reply = await breaker.ask(operation, question)
        answer = _believable(payment, reply, operation=operation, amount=amount)
        self._note(breaker, payment, operation, (answer,), asked_at)
        return answer

    @staticmethod
    def _note(
        breaker: Breaker, payment: Payment, what: str, answers: Sequence[Answer], asked_at: float
    ) -> None:
        silences = [answer for answer in answers if isinstance(answer, Unknown) and not answer.mismatch]
        if not any(silence.reason in _UNASKED for silence in silences):
            breaker.note(silent=bool(silences), asked_at=asked_at)
        log.info(
            "provider.answered",
            method=payment.method,
            call=what,
            order_code=payment.order_code,
            answers=[type(answer).__name__ for answer in answers],
            reason=next((answer.reason for answer in answers if isinstance(answer, Unknown)), None),
        )


def _believable(
    payment: Payment, answer: Answer, *, operation: Operation | None = None, amount: int = 0
) -> Answer:
    """Return ``answer``, or ``Unknown`` if no database can store its texts, or if it is not about the request.

    Such texts have NUL or half characters. A pause that the provider asks for is at most an hour.
    """
    if not is_storable(answer):
        answer = Unknown(reason="unreadable_answer", mismatch=True)
    elif not isinstance(answer, Unknown):
        answer = checked(payment, answer, now(), operation=operation, amount=amount)
    if not isinstance(answer, Unknown):
        return answer
    pause = answer.retry_after_seconds or 0
    bounded = min(pause, RETRY_AFTER_SECONDS_MAX) if pause > 0 else None
    to_request = answer.mismatch and operation is not None
    return replace(answer, retry_after_seconds=bounded, to_request=to_request)
