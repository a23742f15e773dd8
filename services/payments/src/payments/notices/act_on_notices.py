"""Acts on stored notices. A notice is only a hint; the look-up of the provider counts (F30).

Many notices about one payment share look-ups:

- Notices that are claimed together share one look-up.
- It also answers every notice that came before it began.
- Notices that come during a look-up, or while others wait, share the next one.

A look-up would find the same without a notice. So the cause of its results is the event that moved the payment last.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from payments.notices.rows import (
    JOINED_FOR,
    NOTICE_WORK,
    ClaimedNotice,
    alert_of,
    looked_at_now,
    match_references,
    note_notices,
    sweep_notices,
)
from payments.notices.tables import notices
from payments.payment.claims import Claim, claims_on, end_claims
from payments.payment.locked_payments import (
    LockedPayments,
    call_and_put_off,
    end_mismatch_if_all_fits,
    is_outdated,
    settle_answers,
)
from payments.payment.look_soon import ask_soon, look_soon
from payments.payment.rows import lock_payments
from payments.payment.rules.answers import Answer, Unknown
from payments.payment.rules.drafting import Settled
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.requests.outcomes import MISMATCH_PAUSE_SECONDS_MAX, PAUSE_SECONDS_MAX
from payments.requests.provider_gate import ProviderGate
from shared.cause import following
from shared.clock import now
from shared.database.transactions import Tx
from shared.due.rows import strike_off_all
from shared.due.work import DueWork

log = structlog.get_logger()

EARLY_ATTEMPTS_MAX = 8
"""A notice may come before the answer that names its reference. After so many look-ups it stays unmatched."""
LEASE_SECONDS = 30


@dataclass(frozen=True, eq=False)
class Look:
    """One look-up of one payment, for all its notices that were claimed together."""

    claims: tuple[Claim[ClaimedNotice], ...]

    @property
    def payment(self) -> Payment:
        """Return the payment at the time of the claim."""
        return self.claims[0].payment


@dataclass(frozen=True)
class Found:
    """The provider's answers, and the time of the question. It answers all notices from before that time."""

    began: datetime
    answers: Sequence[Answer]


class Notices:
    """The due work of acting on notices."""

    def __init__(self, gate: ProviderGate) -> None:
        self._gate = gate

    def due_work(self, *, concurrency: int) -> DueWork:
        """Return this object as due work."""
        return DueWork(
            NOTICE_WORK,
            notices,
            self.perform,
            begin=self.begin,
            conclude=self.conclude,
            failed=self.failed,
            concurrency=concurrency,
            lease_seconds=LEASE_SECONDS,
            cause=lambda look: look.payment.cause,
            kind=ClaimedNotice,
        )

    async def begin(self, tx: Tx, rows: Sequence[ClaimedNotice]) -> Sequence[Look]:
        """Return one look-up for each payment that notices are about.

        Notices without a known payment are put off. So are notices whose payment is looked up right now: that look-up
        may answer them, or else one more look-up answers all of them.
        """
        named = [(row.method, row.reference) for row in rows]
        matched = await match_references(tx, named, self._gate.methods.provider_name)
        busy = await looked_at_now(tx, rows)
        joins = {row.notice_key for row in rows if row.alert is None and (row.method, row.reference) in busy}
        await _put_off(tx, [row for row in rows if row.notice_key in joins], JOINED_FOR)
        about = [
            (row, matched.get((row.method, row.reference))) for row in rows if row.notice_key not in joins
        ]
        await _put_off_unmatched(tx, [row for row, payment_id in about if payment_id is None])
        known = [(row, payment_id) for row, payment_id in about if payment_id is not None]
        of_payment: dict[UUID, list[Claim[ClaimedNotice]]] = defaultdict(list)
        for claim in await claims_on(tx, known):
            of_payment[claim.payment.payment_id].append(claim)
        return [Look(tuple(claims)) for claims in of_payment.values()]

    async def perform(self, look: Look) -> Found:
        """Look the payment up, with the ids that only the notices have."""
        began = now()
        payment = look.payment
        named = {name: value for claim in look.claims for name, value in claim.row.refs.items()}
        answers = await self._gate.look_up(payment.changed(refs={**payment.refs, **named}))
        return Found(began, answers)

    async def conclude(self, tx: Tx, done: Sequence[tuple[Look, Found]]) -> None:
        """Store the results of look-ups, for the notices that this process still holds."""
        at = now()
        claims = [(claim, found) for look, found in done for claim in look.claims]
        later = {claim: _look_again_at(claim.row, found.answers, at) for claim, found in claims}
        ids = {claim.payment.payment_id for claim, _ in claims}
        batch = LockedPayments((await lock_payments(tx, ids)).values())
        still_claimed = await end_claims(tx, notices, later)
        again: list[UUID] = []
        for look, found in done:
            mine = [claim for claim in look.claims if claim in still_claimed]
            if mine:
                payment = batch.payment(mine[0].payment.payment_id)
                terms = self._gate.methods[payment.method].terms
                settled = _settle(payment, mine, found.answers, at, terms)
                if is_outdated(look.payment, payment, settled):
                    again.append(payment.payment_id)
                    settled = _settle(payment, mine, (), at, terms)
                with following(look.payment.cause):
                    batch.add(settled)
        await batch.save(tx, self._gate.methods, at)
        await look_soon(tx, again, also_unwatched=True)
        finished = [claim for claim, _ in claims if claim in still_claimed and later[claim] is None]
        for known, state in ((True, "done"), (False, "unknown")):
            became = [
                (one.row.notice_key, one.payment.payment_id) for one in finished if one.row.known is known
            ]
            await note_notices(tx, state, became)
        for look, found in done:
            answered = [claim for claim in look.claims if claim in finished]
            if answered:
                waiting = {(claim.row.method, claim.row.reference, found.began) for claim in answered}
                await sweep_notices(tx, answered[0].payment.payment_id, sorted(waiting))
        await ask_soon(tx, [claim.payment.payment_id for claim in finished])

    async def failed(self, tx: Tx, look: Look, error: Exception) -> None:
        """Call a person because the result of a look-up could not be stored, and look again later."""
        pause = _pause_seconds(look.claims[0].row.attempts, MISMATCH_PAUSE_SECONDS_MAX)
        await call_and_put_off(tx, notices, look.claims, pause, self._gate.methods, error)


def _settle(
    payment: Payment,
    claims: Sequence[Claim[ClaimedNotice]],
    answers: Sequence[Answer],
    at: datetime,
    terms: Terms,
) -> Settled:
    """Return what the look-up means, with the ids of the notices and their alerts. Pure."""
    named = {name: value for claim in claims for name, value in claim.row.refs.items()}
    alerts = [alert for claim in claims if (alert := alert_of(claim.row)) is not None]
    known = payment.changed(refs={**payment.refs, **named})
    return end_mismatch_if_all_fits(
        settle_answers(known, None, [*answers, *alerts], at, terms), answers, at, terms
    )


async def _put_off(tx: Tx, rows: Sequence[ClaimedNotice], pause: timedelta) -> None:
    """Make rows that this same transaction claimed due later."""
    due_at = now() + pause
    if rows:
        await strike_off_all(tx, notices, [(row.notice_key, row.lease, due_at) for row in rows])


async def _put_off_unmatched(tx: Tx, rows: Sequence[ClaimedNotice]) -> None:
    """Look again later, a limited number of times. The claim of this same transaction cannot be lost."""
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
        log.warning("notice.unmatched", provider=row.method, reference=row.reference)


def _look_again_at(row: ClaimedNotice, answers: Sequence[Answer], at: datetime) -> datetime | None:
    silences = [answer for answer in answers if isinstance(answer, Unknown)]
    longest = MISMATCH_PAUSE_SECONDS_MAX if any(one.mismatch for one in silences) else PAUSE_SECONDS_MAX
    return at + timedelta(seconds=_pause_seconds(row.attempts, longest)) if silences else None


def _pause_seconds(attempts: int, longest: float = PAUSE_SECONDS_MAX) -> float:
    return min(2.0 ** min(attempts, 12), longest)
