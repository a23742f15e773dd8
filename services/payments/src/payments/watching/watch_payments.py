"""Looks payments up without a notice: at the deadline of a number or hold, and where notices may be lost.

Such a notice may be about money that comes a second time, or after its payment is over. The provider is always asked
first. A number has expired only if the provider reports it as unpaid after the deadline and its grace (KON-16 to
KON-18, F32).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from payments.methods.method import Method
from payments.payment.claims import Claim, ClaimedPayment, claims_of, end_claims
from payments.payment.locked_payments import (
    LockedPayments,
    call_and_put_off,
    end_mismatch_if_all_fits,
    is_outdated,
    settle_answers,
)
from payments.payment.look_soon import WATCH_WORK
from payments.payment.rows import lock_payments
from payments.payment.rules.answers import Answer, Captured, Expired, Issued, Unknown, Voided
from payments.payment.rules.drafting import Settled, and_then
from payments.payment.rules.holds.ends import release_hold_if_too_old
from payments.payment.rules.next_look import next_look_at
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.payment.tables import payments
from payments.requests.provider_gate import ProviderGate
from shared.cause import following
from shared.clock import now
from shared.database.transactions import Tx
from shared.due.work import DueWork

SILENT_PAUSE_SECONDS = 30
MISMATCH_PAUSE_SECONDS = 600
LEASE_SECONDS = 30


class Watch:
    """The due work of looking payments up."""

    def __init__(self, gate: ProviderGate) -> None:
        self._gate = gate

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this object as due work."""
        return DueWork(
            WATCH_WORK,
            payments,
            self.perform,
            begin=claims_of,
            conclude=self.conclude,
            failed=self.failed,
            concurrency=concurrency,
            lease_seconds=LEASE_SECONDS,
            cause=lambda claim: claim.payment.cause,
            kind=ClaimedPayment,
        )

    async def perform(self, claim: Claim[ClaimedPayment]) -> Sequence[Answer]:
        """Look the payment up."""
        return await self._gate.look_up(claim.payment)

    async def conclude(self, tx: Tx, done: Sequence[tuple[Claim[ClaimedPayment], Sequence[Answer]]]) -> None:
        """Store the results of look-ups, for the payments that this process still holds."""
        at = now()
        locked = await lock_payments(tx, {claim.payment.payment_id for claim, _ in done})
        seen = {}
        for claim, answers in done:
            payment = locked[claim.payment.payment_id]
            seen[claim] = look(payment, answers, self._gate.methods[payment.method], at)
            if is_outdated(claim.payment, payment, seen[claim][0]):
                seen[claim] = Settled(payment), at
        still_claimed = await end_claims(tx, payments, {claim: due_at for claim, (_, due_at) in seen.items()})
        batch = LockedPayments(locked.values())
        look_at = {}
        for claim in still_claimed:
            settled, look_at[claim.payment.payment_id] = seen[claim]
            with following(claim.payment.cause):
                batch.add(settled)
        await batch.save(tx, self._gate.methods, at, look_at=look_at)

    async def failed(self, tx: Tx, claim: Claim[ClaimedPayment], error: Exception) -> None:
        """Call a person because the result of a look-up could not be stored, and look again later."""
        await call_and_put_off(tx, payments, [claim], MISMATCH_PAUSE_SECONDS, self._gate.methods, error)


def look(
    payment: Payment, answers: Sequence[Answer], method: Method, at: datetime
) -> tuple[Settled, datetime | None]:
    """Return what a look-up means for a payment, and when to look next. Pure."""
    if is_overdue(payment, method.terms, at) and not _tells_of_the_number(answers, method.terms):
        answers = (*answers, Unknown(reason="not_found", mismatch=True))
    silent = any(isinstance(answer, Unknown) for answer in answers)
    settled = settle_answers(payment, None, answers, at, method.terms)
    if not silent and is_overdue(settled.payment, method.terms, at):
        settled = settle_answers(payment, None, (*answers, Expired()), at, method.terms)
    if not silent:
        settled = and_then(settled, release_hold_if_too_old(settled.payment, method.terms, at))
        settled = end_mismatch_if_all_fits(settled, answers, at, method.terms)
    if silent:
        # The last look-up, too, counts only after it was answered.
        mismatch = any(isinstance(answer, Unknown) and answer.mismatch for answer in answers)
        return settled, at + timedelta(seconds=MISMATCH_PAUSE_SECONDS if mismatch else SILENT_PAUSE_SECONDS)
    return settled, next_look_at(settled.payment, method, at)


def _tells_of_the_number(answers: Sequence[Answer], terms: Terms) -> bool:
    """Return whether a look-up answers for the number. No answer does not mean that nothing came in."""
    reported = any(isinstance(answer, Issued | Captured | Voided | Unknown) for answer in answers)
    return terms.deposit == "by_hand" or reported


def is_overdue(payment: Payment, terms: Terms, at: datetime) -> bool:
    """Return whether a number's deadline and grace are over (also at the exact moment, KON-18).

    False while its money is reported in two ways.
    """
    return (
        payment.state == "waiting"
        and not payment.contradicted
        and payment.number is not None
        and at >= payment.number.due_at + terms.grace
    )
