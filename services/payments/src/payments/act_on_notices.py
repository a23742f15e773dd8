"""Acts on stored notices. A notice is only a hint: the provider is looked up and that is what counts (F30)."""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from payments.calls import Calls
from payments.domain.answers import Unknown
from payments.settle_payment import settle_all, store
from payments.storage.notices import NOTICE_WORK, note_notice
from payments.storage.payments import find_by_reference, lock_payment, look_soon
from payments.storage.tables import notices
from shared.clock import now
from shared.database import Database
from shared.due import DueWork, strike_off

log = structlog.get_logger()

EARLY_ATTEMPTS_MAX = 8
"""A notice may overtake the answer that names its reference; after so many looks it stays unmatched."""
LEASE_SECONDS = 30


class Notices:
    """The due work of acting on notices."""

    def __init__(self, db: Database, calls: Calls) -> None:
        self._db = db
        self._calls = calls

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this as due work."""
        return DueWork(
            NOTICE_WORK, notices, self.perform, concurrency=concurrency, lease_seconds=LEASE_SECONDS
        )

    async def perform(self, row: Row[Any]) -> None:
        """Act on one claimed notice."""
        async with self._db.transaction() as tx:
            payment = await find_by_reference(tx, row.method, row.reference)
            if payment is None:
                await self._put_off_unmatched(tx, row)
                return
        answers = await self._calls.look_up(payment)
        async with self._db.transaction() as tx:
            at = now()
            silent = any(isinstance(answer, Unknown) for answer in answers)
            later = at + timedelta(seconds=_pause_seconds(row.attempts)) if silent else None
            payment = await lock_payment(tx, payment.payment_id)
            if not await strike_off(tx, notices, row.notice_key, row.lease, due_at=later):
                return
            method = self._calls.methods[payment.method]
            settled = settle_all(payment, None, answers, at, method.terms)
            if settled.payment != payment:
                await store(tx, settled, method, at)
            if not silent:
                await note_notice(tx, row.notice_key, "done", payment.payment_id)
                await look_soon(tx, payment.payment_id)

    async def _put_off_unmatched(self, tx: Any, row: Row[Any]) -> None:
        if row.attempts < EARLY_ATTEMPTS_MAX:
            later = now() + timedelta(seconds=_pause_seconds(row.attempts))
            await strike_off(tx, notices, row.notice_key, row.lease, due_at=later)
            return
        if await strike_off(tx, notices, row.notice_key, row.lease):
            await note_notice(tx, row.notice_key, "unmatched", None)
            log.warning("notice.unmatched", method=row.method, reference=row.reference)


def _pause_seconds(attempts: int) -> float:
    return float(min(2**attempts, 120))
