"""The consumers and workers of payments, which take many things at once or one by one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.due_once import claim, perform
from payments.consumers import consumers
from payments.methods.method import Notice
from payments.methods.registry import Methods
from payments.notices.act_on_notices import Look, Notices
from payments.notices.rows import insert_notice
from payments.payment.claims import Claim, ClaimedPayment
from payments.payment.rules.answers import Captured, Issued
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.requests.rows import ClaimedRequest
from payments.settings import Settings
from payments.watching.watch_payments import Watch
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import Event
from shared.messaging.inbox import insert_inbox
from tests.payments.predictable_method import START, TERMS, PredictableMethod

ORDERS = {
    "C1": "card",
    "C2": "card",
    "C3": "card",
    "N1": "number",
    "N2": "number",
    "T1": "transfer",
    "D1": "cash",
}
MOODS = {"C2": "silence", "C3": "refuse", "N2": "silence"}
TABLES = {
    "payments": """
        SELECT order_code, try_number, method, state, version, amount, captured_amount, suspense_amount,
               refunded_amount, capture_policy, order_cancelled, attention, refs::text, provider_ids, placed_at,
               changed_at, due_at, (details - 'page_key' - 'page_url')::text AS details
        FROM payments ORDER BY order_code""",
    "payment_history": """
        SELECT order_code, h.version, h.state, because, at
        FROM payment_history h JOIN payments USING (payment_id) ORDER BY 1, 2""",
    "payment_requests": """
        SELECT order_code, operation, r.amount, r.state, answer::text, written_at, answered_at, r.attempts,
               r.due_at IS NULL AS over, r.lease IS NULL AS free
        FROM payment_requests r JOIN payments USING (payment_id) ORDER BY 1, 2, 4""",
    "journal_lines": """
        SELECT order_code, reason, subject, account, debit, credit, at
        FROM journal_lines JOIN payments USING (payment_id) ORDER BY 1, 2, 3, 4""",
    "receipts": """
        SELECT r.method, receipt_id, order_code, r.amount, at
        FROM receipts r JOIN payments USING (payment_id) ORDER BY 1, 2""",
    "notices": """
        SELECT notice_id, order_code, n.state, n.due_at, n.attempts
        FROM notices n LEFT JOIN payments USING (payment_id) ORDER BY 1""",
    "outbox": """
        SELECT type, correlation, body::jsonb - ARRAY['payment_id', 'refund_id', 'page_url'] AS body,
               headers::jsonb ->> 'causation_id' AS cause, occurred_at
        FROM outbox ORDER BY correlation, seq""",
    "inbox": "SELECT consumer, event_id FROM inbox ORDER BY 1, 2",
}


@dataclass
class Service:
    """The consumers and workers of payments, many at once or one by one."""

    db: Database
    settings: Settings
    together: bool = True
    methods: Methods = field(
        default_factory=lambda: Methods([PredictableMethod(kind, MOODS) for kind in TERMS])
    )

    def parts(self, things: Sequence[Any]) -> list[Sequence[Any]]:
        """Return what is done in one transaction each."""
        return [things] if self.together else [[one] for one in things]

    async def hears(self, events: Sequence[Event]) -> None:
        """Hear events as a worker does: what fails together is heard alone."""
        for consumer in consumers.all:
            heard = [event for event in events if type(event) in consumer.events]
            for part in self.parts(heard) if heard else ():
                try:
                    await self._apply(consumer, part)
                except TryAgain:
                    for one in part if len(part) > 1 else ():
                        await self._apply_or_wait(consumer, one)

    async def _apply_or_wait(self, consumer: Any, event: Event) -> None:
        try:
            await self._apply(consumer, [event])
        except TryAgain:
            return

    async def _apply(self, consumer: Any, events: Sequence[Event]) -> None:
        async with self.db.transaction() as tx:
            await insert_inbox(tx, consumer.queue, [event.event_id for event in events])
            await consumer.call(events, tx, {Methods: self.methods, Settings: self.settings})

    async def works(self) -> None:
        """Perform what is due, once."""
        for kind in (Requests, Notices, Watch):
            work = kind(ProviderGate(self.methods)).due_work(concurrency=50)
            claimed = await claim(self.db, work)
            for part in self.parts(sorted(claimed.items, key=_in_order)):
                await perform(self.db, work, part)

    async def gets_notices(self, codes: Sequence[str], numbers: Iterator[int]) -> None:
        """Store a notice about each order, also about those that no reference is known of yet."""
        async with self.db.transaction() as tx:
            for code in codes:
                prefix = "auth" if ORDERS[code] == "card" else "number"
                notice = Notice(f"notice-{next(numbers)}", f"{prefix}-{code}")
                await insert_notice(tx, ORDERS[code], notice, b"{}", now())

    def buyers_pay(self, codes: Sequence[str]) -> None:
        """Let buyers pay numbers at a till, once or more."""
        method = self.methods["number"]
        assert isinstance(method, PredictableMethod)
        for code in codes:
            done = method.done.get(code, [])
            if any(isinstance(one, Issued) for one in done):
                done.append(Captured(amount=3_300, captured_at=START, receipt_id=f"{code}-till-{len(done)}"))

    async def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what is stored, without the ids and moments that no two runs share."""
        async with self.db.transaction() as tx:
            return {name: [tuple(row) for row in await tx.rows(sql)] for name, sql in TABLES.items()}


def _in_order(one: Claim[ClaimedRequest] | Claim[ClaimedPayment] | Look) -> tuple[str, str]:
    if isinstance(one, Look):
        return one.payment.order_code, str(one.claims[0].row.notice_key)
    key = one.row.request_id if isinstance(one.row, ClaimedRequest) else one.row.payment_id
    return one.payment.order_code, str(key)
