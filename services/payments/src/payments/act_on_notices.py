"""Acts on stored notices. A notice is only a hint: the provider is looked up and that is what counts (F30)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from payments.calls import Calls
from payments.claims import Claim, claims_on, end_claims
from payments.domain.answers import Answer, Unknown
from payments.settle_payment import Batch, settle_all
from payments.storage.notices import NOTICE_WORK, note_notices
from payments.storage.payments import ask_soon, lock_payments, match_references
from payments.storage.tables import notices
from shared.clock import now
from shared.database import Tx
from shared.due import DueWork, strike_off_all
from shared.sql import Row

log = structlog.get_logger()

EARLY_ATTEMPTS_MAX = 8
"""A notice may overtake the answer that names its reference; after so many looks it stays unmatched."""
LEASE_SECONDS = 30


class Notices:
    """The due work of acting on notices."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this as due work."""
        return DueWork(
            NOTICE_WORK,
            notices,
            self.perform,
            begin=self.begin,
            conclude=self.conclude,
            concurrency=concurrency,
            lease_seconds=LEASE_SECONDS,
        )

    async def begin(self, tx: Tx, rows: Sequence[Row]) -> Sequence[Claim]:
        """Find the payments that notices are about; put off those that are about none we know."""
        matched = await match_references(tx, [(row.method, row.reference) for row in rows])
        about = [(row, matched.get((row.method, row.reference))) for row in rows]
        await _put_off_unmatched(tx, [row for row, payment_id in about if payment_id is None])
        return await claims_on(tx, [(row, payment_id) for row, payment_id in about if payment_id is not None])

    async def perform(self, claim: Claim) -> Sequence[Answer]:
        """Look the payment up."""
        return await self._calls.look_up(claim.payment)

    async def conclude(self, tx: Tx, done: Sequence[tuple[Claim, Sequence[Answer]]]) -> None:
        """Write down what the look-ups found, for the notices that are still ours."""
        at = now()
        later = {claim: _look_again_at(claim.row, answers, at) for claim, answers in done}
        batch = Batch((await lock_payments(tx, {claim.payment.payment_id for claim, _ in done})).values())
        ours = await end_claims(tx, notices, later)
        for claim, answers in done:
            if claim in ours:
                payment = batch.payment(claim.payment.payment_id)
                terms = self._calls.methods[payment.method].terms
                batch.add(settle_all(payment, None, answers, at, terms))
        tx.say(*await batch.save(tx, self._calls.methods, at))
        over = [claim for claim, _ in done if claim in ours and later[claim] is None]
        await note_notices(tx, "done", [(claim.row.notice_key, claim.payment.payment_id) for claim in over])
        await ask_soon(tx, [claim.payment.payment_id for claim in over])


async def _put_off_unmatched(tx: Tx, rows: Sequence[Row]) -> None:
    """Look again later, a few times; the claim of this very transaction cannot be lost."""
    at = now()
    early = {row.notice_key for row in rows if row.attempts < EARLY_ATTEMPTS_MAX}
    due = [
        (
            row.notice_key,
            row.lease,
            at + timedelta(seconds=_pause_seconds(row.attempts)) if row.notice_key in early else None,
        )
        for row in rows
    ]
    if due:
        await strike_off_all(tx, notices, due)
    given_up = [row for row in rows if row.notice_key not in early]
    await note_notices(tx, "unmatched", [(row.notice_key, None) for row in given_up])
    for row in given_up:
        log.warning("notice.unmatched", method=row.method, reference=row.reference)


def _look_again_at(row: Row, answers: Sequence[Answer], at: datetime) -> datetime | None:
    silent = any(isinstance(answer, Unknown) for answer in answers)
    return at + timedelta(seconds=_pause_seconds(row.attempts)) if silent else None


def _pause_seconds(attempts: int) -> float:
    return float(min(2**attempts, 120))
