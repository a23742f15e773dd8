"""Performs requests to providers. What was asked is on disk before it is asked, and asked again only after
the provider was looked up, with the same key, until there is a definite answer (M1, M5)."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from payments.calls import Calls
from payments.domain.answers import (
    Answer,
    CaptureDeclined,
    CaptureRefused,
    Declined,
    RefundDeclined,
    RefundWaiting,
    Unknown,
    Voided,
    Waiting,
)
from payments.domain.drafting import Settled
from payments.domain.payment import CONCLUDES, WANTED_IN, Operation, Payment
from payments.settle_payment import settle_all, store, with_attention
from payments.storage.payments import find_payment, lock_payment
from payments.storage.requests import REQUEST_WORK, note_answer
from payments.storage.tables import payment_requests
from shared.clock import now
from shared.crash import crash_point
from shared.database import Database, Tx
from shared.due import DueWork, strike_off

PAUSE_SECONDS_MAX = 120.0
BUYER_PAUSE_SECONDS = 60.0
SILENT_ATTEMPTS_MAX = 6
"""After so many attempts without an answer the desk is shown that something is stuck."""
LEASE_SECONDS = 30
"""Room for a look-up and a call; another worker takes over this long after a kill (reliability.md M2: 30 s)."""
_NEGATIVE = (Declined, CaptureDeclined, CaptureRefused, RefundDeclined)
_STILL_OPEN = (Waiting, RefundWaiting, Unknown)


class LeaseLost(Exception):
    """Another worker has taken the row; what this one found out is not written."""


class Requests:
    """The due work of asking providers."""

    def __init__(self, db: Database, calls: Calls) -> None:
        self._db = db
        self._calls = calls

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this as due work."""
        return DueWork(
            REQUEST_WORK,
            payment_requests,
            self.perform,
            concurrency=concurrency,
            lease_seconds=LEASE_SECONDS,
        )

    async def perform(self, row: Row[Any]) -> None:
        """Perform one claimed request."""
        operation: Operation = row.operation
        async with self._db.transaction() as tx:
            payment = await find_payment(tx, row.payment_id)
        answers = await self._ask(payment, operation, row)
        crash_point("K12")
        try:
            async with self._db.transaction() as tx:
                await self._conclude(tx, row, operation, answers)
        except LeaseLost:
            return

    async def _ask(self, payment: Payment, operation: Operation, row: Row[Any]) -> Sequence[Answer]:
        """Return what the provider says, looked up first if it may have been asked before."""
        if payment.state not in WANTED_IN[operation]:
            return ()
        found: Sequence[Answer] = ()
        if row.attempts > 1:
            found = await self._calls.look_up(payment)
            if any(isinstance(answer, (*CONCLUDES[operation], *_STILL_OPEN)) for answer in found):
                return found
        if payment.order_cancelled and operation in ("authorize", "issue"):
            # Nothing is there, and nobody wants it any more.
            return (*found, Voided())
        crash_point("K10")
        answer = await self._calls.make(operation, payment, amount=row.amount, key=row.request_id.hex)
        crash_point("K11")
        return (*found, answer)

    async def _conclude(self, tx: Tx, row: Row[Any], operation: Operation, answers: Sequence[Answer]) -> None:
        at = now()
        payment = await lock_payment(tx, row.payment_id)
        method = self._calls.methods[payment.method]
        last = answers[-1] if answers else None
        settled = settle_all(payment, operation, answers, at, method.terms)
        final = next((one for one in reversed(answers) if isinstance(one, CONCLUDES[operation])), None)
        if final is not None or last is None:
            state = _closed_as(final, row.attempts)
            due_at = None
            if settled.payment.attention == "no_answer":
                settled = replace(settled, payment=replace(settled.payment, attention=""))
        else:
            state = "unknown" if isinstance(last, Unknown) else "open"
            due_at = at + timedelta(seconds=_pause_seconds(last, row.attempts))
            settled = _stuck(settled, last, row.attempts)
        if not await strike_off(tx, payment_requests, row.request_id, row.lease, due_at=due_at):
            raise LeaseLost
        await note_answer(tx, row.request_id, state, final or last, at)
        await store(tx, settled, method, at)


def _closed_as(final: Answer | None, attempts: int) -> str:
    if final is None:
        # No longer wanted. Unless this was its first turn, it may be what made it so.
        return "dropped" if attempts == 1 else "done"
    return "declined" if isinstance(final, _NEGATIVE) else "done"


def _stuck(settled: Settled, last: Answer, attempts: int) -> Settled:
    if isinstance(last, Unknown) and attempts >= SILENT_ATTEMPTS_MAX:
        return with_attention(settled, "no_answer")
    return settled


def _pause_seconds(last: Answer, attempts: int) -> float:
    """Each pause is longer than the last, spread a little, and not shorter than the provider asked for."""
    if isinstance(last, Waiting | RefundWaiting):
        return last.ask_again_seconds
    if not isinstance(last, Unknown):
        return BUYER_PAUSE_SECONDS
    growing = min(2.0 ** min(attempts, 10), PAUSE_SECONDS_MAX) * random.uniform(0.8, 1.2)  # noqa: S311
    return max(growing, last.retry_after_seconds or 0)
