"""Any story of a payment through the real consumers and workers of payments, on a real database.

Events come in any order and twice, notices come old, twice and about nobody, answers are lost, and workers die
between the provider's answer and their commit. The checks read the tables and the provider alone.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Self

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pydantic import SecretStr

from harness.due_once import claim, perform
from harness.postgres import TestPostgres
from payments.consumers import consumers
from payments.methods.method import Menu, Method, Notice, Shop
from payments.methods.registry import Methods
from payments.notices.act_on_notices import Notices
from payments.notices.rows import insert_notice
from payments.payment.rows import find_order_payment
from payments.payment.rules.answers import Answer, Authorized, Captured, Issued
from payments.payment.rules.payment import Payment
from payments.payment.rules.terms import Terms
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import SILENCES_MAX, ProviderGate
from payments.settings import Settings
from payments.tables import metadata
from payments.watching.watch_payments import Watch
from shared import clock
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import Event, PaymentCaptured, PaymentRefunded
from shared.messaging.inbox import insert_inbox
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved, shipped
from tests.properties.profile import stories
from tests.properties.provider import TOTAL, Mood, Provider

UNBALANCED = """
SELECT p.payment_id FROM payments p JOIN journal_lines l USING (payment_id) GROUP BY p.payment_id
HAVING sum(l.debit) <> sum(l.credit)
    OR sum(l.debit - l.credit) FILTER (WHERE l.account = 'receivable')
       <> p.captured_amount + p.suspense_amount - p.refunded_amount
"""
GAPS = """
SELECT payment_id FROM payments p JOIN payment_history h USING (payment_id) GROUP BY p.payment_id
HAVING count(*) <> max(h.version) OR max(h.version) <> p.version
    OR (array_agg(h.state ORDER BY h.version DESC))[1] <> p.state
"""
BOOKED_TWICE = """
SELECT receipt_id FROM receipts r JOIN journal_lines l ON l.payment_id = r.payment_id
  AND l.subject = r.receipt_id AND l.account = 'receivable'
GROUP BY r.method, r.receipt_id, r.amount HAVING sum(l.debit) <> r.amount
"""
SAID_CAPTURED = "SELECT count(*) FROM outbox WHERE correlation = :code AND type = :type"
SAID_REFUNDED = """
SELECT coalesce(sum((body::jsonb ->> 'amount')::bigint), 0) FROM outbox
WHERE correlation = :code AND type = :type
"""
CARD = Terms(flow="authorized", deposit="capture", capture_days_max=30)
LOOK_AFTER = timedelta(days=30)
NUMBER = Terms(flow="prepaid", deposit="automatic", captured_source="provider_notice")


class Simulated(Method):
    """A method whose provider is the model; each order of a story has its own."""

    def __init__(self, kind: str, terms: Terms) -> None:
        self.kind, self.terms = kind, terms  # type: ignore[misc]
        self.poll_seconds = {"waiting": 600, "authorized": 3_600}
        self.look_after = LOOK_AFTER if terms is NUMBER else timedelta(0)
        self.company = Provider(at=now())
        self.mood: Mood = "ok"

    @classmethod
    def from_environment(cls, shop: Shop) -> Self:
        raise NotImplementedError

    def menu(self) -> Menu:
        return Menu(kind=self.kind, name=self.kind, group="card")

    async def authorize(self, payment: Payment, *, key: str) -> Answer:
        return self._asked("authorize", payment.amount, key)

    async def issue(self, payment: Payment, *, key: str) -> Answer:
        return self._asked("issue", payment.amount, key)

    async def capture(self, payment: Payment, *, amount: int, key: str) -> Answer:
        return self._asked("capture", amount, key)

    async def void(self, payment: Payment, *, key: str) -> Answer:
        return self._asked("void", payment.amount, key)

    async def refund(self, payment: Payment, *, amount: int, key: str) -> Answer:
        return self._asked("refund", amount, key)

    async def look_up(self, payment: Payment) -> Sequence[Answer]:
        return self.company.known()

    def _asked(self, operation: str, amount: int, key: str) -> Answer:
        mood, self.mood = self.mood, "ok"
        # The days of a number begin when it is issued.
        self.company.at = now()
        return self.company.asked(operation, amount, key, mood)


class WorkerDied(Exception):
    """The process of a worker ended before its commit."""


class DyingDatabase:
    """A database whose holder dies at its n-th transaction."""

    def __init__(self, db: Database, transactions: int) -> None:
        self._db, self._left = db, transactions

    def transaction(self) -> Any:
        self._left -= 1
        if self._left < 0:
            raise WorkerDied
        return self._db.transaction()


class ServiceStory(RuleBasedStateMachine):
    """One order; its events, workers and notices."""

    db: Database
    loop: asyncio.AbstractEventLoop
    settings: Settings
    orders = 0
    seen: ClassVar[Counter[str]] = Counter()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run ``work`` to its end."""
        return self.loop.run_until_complete(work)

    @initialize(kind=st.sampled_from(["card", "number"]), first_heard=st.sampled_from(["stock", "ship", ""]))
    def the_shop_opens(self, kind: str, first_heard: str) -> None:
        clock.clock.reset()
        type(self).orders += 1
        self.code, self.notices, self.before = f"N{self.orders}", 0, 0
        self.card, self.number = Simulated("card", CARD), Simulated("number", NUMBER)
        self.method = self.card if kind == "card" else self.number
        self.methods = Methods([self.card, self.number])
        self.first = placed(self.code, kind, TOTAL)
        self.others: dict[str, Event] = {}
        self.run(self.forget_earlier_stories())
        self.hear(self.first)
        if first_heard:
            # Most stories go on with the order.
            self.hear_of_the_order(first_heard)

    async def forget_earlier_stories(self) -> None:
        """Let nobody look at their payments any more: the providers they would ask are of this story."""
        async with self.db.transaction() as tx:
            for table in ("payments", "payment_requests", "notices"):
                await tx.execute(f"UPDATE {table} SET due_at = NULL")

    def hear(self, event: Event, times: int = 1) -> None:
        """Bring an event as the worker does, with inbox and outbox."""

        async def hear() -> None:
            resources: dict[type[Any], Any] = {Methods: self.methods, Settings: self.settings}
            for consumer in consumers.all:
                for _ in range(times if type(event) in consumer.events else 0):
                    try:
                        async with self.db.transaction() as tx:
                            if await insert_inbox(tx, consumer.queue, [event.event_id]):
                                await consumer.call([event], tx, resources)
                    except TryAgain:
                        continue

        self.run(hear())

    def work(self, db: Any = None) -> None:
        """Perform what is due once."""

        async def work() -> None:
            for kind in (Requests, Notices, Watch):
                due = kind(ProviderGate(self.methods)).due_work(concurrency=1)
                try:
                    claimed = await claim(db or self.db, due)
                    await perform(db or self.db, due, claimed.items)
                except WorkerDied:
                    # Its leases run out.
                    async with self.db.transaction() as tx:
                        await tx.execute(f"UPDATE {due.table.name} SET leased_until = NULL")

        self.run(work())

    @rule(mood=st.sampled_from(["ok", "ok", "ok", "decline", "silence", "lost_answer", "undecided", "late"]))
    def workers_work(self, mood: Mood) -> None:
        self.method.mood = mood
        self.work()
        self.method.mood = "ok"

    @rule(transactions=st.integers(0, 5))
    def a_worker_dies_at_its_work(self, transactions: int) -> None:
        self.work(DyingDatabase(self.db, transactions))

    @rule(declined=st.sampled_from([False, False, True]))
    def the_provider_makes_up_its_mind(self, declined: bool) -> None:
        self.method.company.arrive()
        self.method.company.decide(declined=declined)

    @rule(what=st.sampled_from(["stock", "ship", "part", "staff", "cancel"]), times=st.integers(1, 2))
    def something_is_heard_of_the_order(self, what: str, times: int) -> None:
        self.hear_of_the_order(what, times)

    def hear_of_the_order(self, what: str, times: int = 1) -> None:
        """Bring an event about the order, the same one each time."""
        makers: dict[str, Callable[[str], Event]] = {
            "stock": reserved,
            "ship": shipped,
            "part": partial(shipped, fully=False),
            "staff": capture_requested,
            "cancel": cancelled,
        }
        event = makers[what](self.code)
        if what == "cancel" and self.others.setdefault("doubt", event) is event:
            # Seldom at the first thought, so that stories get far enough.
            return
        self.hear(self.others.setdefault(what, event), times)

    @rule()
    def the_order_is_heard_of_again(self) -> None:
        self.hear(self.first)

    @rule(amount=st.sampled_from([TOTAL, 1_000, 5_000]), receipt=st.integers(0, 2))
    def the_buyer_pays_the_number(self, amount: int, receipt: int) -> None:
        provider, receipt_id = self.number.company, f"{self.code}-till-{receipt}"
        known = {one.receipt_id for one in provider.done if isinstance(one, Captured)}
        issued = next((one for one in provider.done if isinstance(one, Issued)), None)
        if issued and receipt_id not in known and now() < issued.due_at + LOOK_AFTER:
            provider.deposit(amount, receipt_id)

    @rule(about=st.sampled_from(["this", "nobody"]), old=st.booleans())
    def a_notice_comes(self, about: str, old: bool) -> None:
        self.notices += not old

        async def take() -> None:
            async with self.db.transaction() as tx:
                payment = await find_order_payment(tx, self.code)
                assert payment is not None
                reference = payment.payment_id.hex if about == "this" else "somebody else's"
                notice = Notice(f"{self.code}-{self.notices}", reference, "notice")
                await insert_notice(tx, self.method.kind, notice, b"{}", now())

        self.run(take())

    @rule(hours=st.sampled_from([0.1, 1, 24, 160]))
    def time_passes(self, hours: float) -> None:
        clock.clock.move(timedelta(hours=hours))

    @invariant()
    def money_is_where_the_tables_say(self) -> None:
        provider = self.method.company

        async def look() -> None:
            async with self.db.transaction() as tx:
                for broken in (UNBALANCED, GAPS, BOOKED_TWICE):
                    assert await tx.rows(broken) == []
                payment = await find_order_payment(tx, self.code)
            assert payment is not None
            assert payment.held_amount >= 0
            if self.method is self.card:
                assert provider.count(Captured) <= 1, "M1"
                assert provider.count(Authorized) <= 1, "M1"
            async with self.db.transaction() as tx:
                captured = await tx.value(SAID_CAPTURED, code=self.code, type=PaymentCaptured.type)
                refunded = await tx.value(SAID_REFUNDED, code=self.code, type=PaymentRefunded.type)
            assert captured <= 1
            assert refunded == payment.refunded_amount

        self.run(look())

    def teardown(self) -> None:
        """Weeks later everything has come to rest, and we believe what the provider knows."""
        if not hasattr(self, "method"):
            return
        for method in (self.card, self.number):
            method.company.decide(declined=False)
            method.company.arrive()
        for _ in range(4 * SILENCES_MAX):
            clock.clock.move(timedelta(days=2))
            self.work()

        async def look() -> Payment:
            async with self.db.transaction() as tx:
                payment = await find_order_payment(tx, self.code)
                stuck = await tx.rows("SELECT * FROM payment_requests WHERE due_at IS NOT NULL")
            assert payment is not None
            assert stuck == [], "M5"
            return payment

        payment, provider = self.run(look()), self.method.company
        self.seen[payment.state] += 1
        assert payment.held_amount == provider.money, "M3"
        if payment.order_cancelled:
            for_a_person = {"refund_failed", "late_money", "excess_money"} & set(payment.calls)
            assert payment.held_amount == 0 or for_a_person, "M2"
            assert not provider.holds or self.method is self.number, "M2"


def test_the_service_believes_what_the_provider_knows(postgres: TestPostgres) -> None:
    ServiceStory.loop = asyncio.new_event_loop()
    url = ServiceStory.loop.run_until_complete(postgres.create_database("payments", metadata))
    address = url.render_as_string(hide_password=False)
    ServiceStory.db = Database(address, service="payments", connections_max=3)
    ServiceStory.settings = Settings(
        database_url=SecretStr(address),
        amqp_url=SecretStr("amqp://nowhere"),
        origin_url="http://shop.test",
        cookie_secure=False,
    )
    try:
        run_state_machine_as_test(ServiceStory, settings=stories(short=16, steps=30, long=400))
        assert len(ServiceStory.seen) > 2, "stories end in different ways"
    finally:
        ServiceStory.loop.run_until_complete(ServiceStory.db.close())
        ServiceStory.loop.run_until_complete(postgres.drop_database(url))
        ServiceStory.loop.close()
