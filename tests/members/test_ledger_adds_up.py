"""P1 and P2: whatever happens in whatever order, balances are sums, never negative, and nothing ends twice.

Hypothesis drives the real consuming functions on a real database; the checks read the tables alone, and a model
of plain numbers says what the balance has to be.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from harness.hearing import Hearing
from harness.postgres import TestPostgres
from members.benefits.release_benefit import ReleaseBenefits
from members.benefits.reserve_benefit import reserve_benefit
from members.benefits.tables import benefit_reservations
from members.consumers import consumers
from members.points.expire_points import ExpirePoints
from members.points.rows import balance_of
from members.points.rules import NotEnoughPoints
from members.points.tables import point_grants
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rules import Rules
from members.tables import metadata
from shared import clock
from shared.clock import now
from shared.database.transactions import Database
from shared.due.rows import claim_due
from shared.errors import TryAgain
from shared.events import Event, OrderProcessed
from shared.ids import new_id
from shared.messaging.inbox import insert_inbox
from shared.shop.settings.change_settings import change
from tests.members.member_examples import a_cancellation, a_shipping, a_standing, an_order
from tests.members.members_service import MembersService
from tests.properties.profile import stories

BROKEN_PREFIX = """
SELECT member_id FROM (
  SELECT member_id, number, waiting_after, active_after,
         sum(waiting) OVER sofar AS waiting, sum(active) OVER sofar AS active,
         row_number() OVER sofar AS place
  FROM point_postings WINDOW sofar AS (PARTITION BY member_id ORDER BY number)) AS lines
WHERE waiting < 0 OR active < 0 OR waiting <> waiting_after OR active <> active_after OR number <> place
"""
BROKEN_BALANCE = """
SELECT b.member_id FROM point_balances b
LEFT JOIN (SELECT member_id, sum(waiting) AS waiting, sum(active) AS active, count(*) AS entries,
           sum(shortage - repaid) AS debt FROM point_postings GROUP BY member_id) p USING (member_id)
LEFT JOIN (SELECT member_id, sum(points_held) AS held FROM benefit_reservations
           WHERE status = 'held' AND NOT registration GROUP BY member_id) r USING (member_id)
WHERE b.waiting <> coalesce(p.waiting, 0) OR b.active <> coalesce(p.active, 0)
   OR b.debt <> coalesce(p.debt, 0) OR b.entries <> coalesce(p.entries, 0) OR b.held <> coalesce(r.held, 0)
"""
DOUBLED = """
SELECT order_code FROM point_postings WHERE order_code IS NOT NULL
GROUP BY order_code, kind, reason, grant_id HAVING count(*) > 1
"""
GRANTED_TWICE = """
SELECT order_code FROM point_grants WHERE reason = 'purchase' AND state <> 'revoked'
GROUP BY order_code HAVING count(*) > 1
"""
UNSETTLED = """
SELECT o.order_code FROM member_orders o JOIN point_postings p USING (order_code)
WHERE o.cancelled_at IS NOT NULL AND p.reason IN ('order', 'purchase')
GROUP BY o.order_code
HAVING sum(p.active + p.waiting + p.repaid - p.shortage) <> 0
"""
CHECKS = {
    "broken_prefix": BROKEN_PREFIX,
    "broken_balance": BROKEN_BALANCE,
    "doubled": DOUBLED,
    "granted_twice": GRANTED_TWICE,
    "unsettled": UNSETTLED,
}
REGISTRATION_POINTS = 500
EVERY_KIND = {"granted", "activated", "used", "returned", "revoked", "expired"}


@dataclass
class Earned:
    """What an order of the model did to its member's points."""

    spent: int
    points: int
    state: Literal["waiting", "active", "gone"]
    revision: int = 0
    returned: Literal["", "waiting", "active"] = ""
    """Which points the order gets again if some of its money is here again."""


class Ledger(RuleBasedStateMachine):
    """One member per story, a few orders, events in any order and some of them twice."""

    db: Database
    loop: asyncio.AbstractEventLoop

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run ``work`` to its end."""
        return self.loop.run_until_complete(work)

    @initialize(
        mode=st.sampled_from(["on_shipped", "on_processed", "immediate"]), valid_days=st.none() | st.just(3)
    )
    def a_member_registers(self, mode: str, valid_days: int | None) -> None:
        clock.clock.reset()
        self.codes: list[str] = []
        self.reservations: list[UUID] = []
        self.member_id = new_id()
        self.mode, self.lapses = mode, valid_days is not None
        # Valid points less what is owed; below zero a debt.
        self.net, self.waiting = REGISTRATION_POINTS, 0
        self.reserved: dict[UUID, int] = {}
        self.orders: dict[str, Earned] = {}
        rules = Rules.model_validate({"purchase_activation": mode, "valid_days": valid_days})

        async def register() -> None:
            async with self.db.transaction() as tx:
                await change(tx, rules, at=now(), by="試験")
                new = NewMember(
                    member_id=self.member_id,
                    name="綾瀬 あや",
                    email=f"{self.member_id}@example.jp",
                    email_proved=True,
                )
                await register_member(tx, new, rules=rules, via="form", at=now())

        self.run(register())

    @property
    def free(self) -> int:
        """What may be set aside or spent."""
        return max(0, self.net - sum(self.reserved.values()))

    def code(self, pick: int) -> str:
        """Return one of the orders so far, the latest first, or the one that comes next."""
        last = len(self.codes) - 1
        return f"{self.member_id}-{(last - pick) % (last + 2)}"

    def hears(self, event: Event, times: int) -> None:
        """Bring an event, as the worker does: with inbox and outbox, and put off before its time."""

        async def hear() -> None:
            for consumer in consumers.all:
                if type(event) not in consumer.events:
                    continue
                for _ in range(times):
                    try:
                        async with self.db.transaction() as tx:
                            if await insert_inbox(tx, consumer.queue, [event.event_id]):
                                await consumer.call([event], tx, {})
                    except TryAgain:
                        continue

        self.run(hear())

    @rule(
        items=st.sampled_from([0, 999, 20_000, 90_000]),
        points=st.sampled_from([0, 1, 300, 500, 900]),
        reserved=st.booleans(),
        times=st.integers(1, 2),
    )
    def an_order_is_placed(self, items: int, points: int, reserved: bool, times: int) -> None:
        code = f"{self.member_id}-{len(self.codes)}"
        self.codes.append(code)
        reservation_id = self.reservations[-1] if reserved and self.reservations else None
        points = min(points, items)
        if reservation_id is not None:
            self.reserved.pop(reservation_id, 0)
        earns = (items - points) // 100
        at_once = self.mode == "immediate"
        self.orders[code] = Earned(points, earns, "active" if at_once else "waiting")
        self.net += earns * at_once - points
        self.waiting += earns * (not at_once)
        self.hears(
            an_order(
                code,
                items=items,
                points=points,
                member_id=self.member_id,
                reservation_id=reservation_id,
            ),
            times,
        )

    @rule(points=st.sampled_from([0, 1, 300, 500, 900]), change=st.booleans())
    def points_are_reserved(self, points: int, change: bool) -> None:
        async def reserve() -> None:
            earlier = self.reservations[-1] if change and self.reservations else None
            own = self.reserved.get(earlier, 0) if earlier else 0
            enough = max(points - own, 0) <= self.free
            try:
                async with self.db.transaction() as tx:
                    made = await reserve_benefit(
                        tx, member_id=self.member_id, points=points, at=now(), earlier_id=earlier
                    )
            except NotEnoughPoints:
                assert self.lapses or not enough
                return
            assert self.lapses or enough
            self.reservations.append(made.reservation_id)
            more = max(points - self.reserved.get(made.reservation_id, 0), 0)
            self.reserved[made.reservation_id] = self.reserved.get(made.reservation_id, 0) + more

        self.run(reserve())

    @rule(pick=st.integers(0, 4), times=st.integers(1, 2))
    def an_order_is_shipped(self, pick: int, times: int) -> None:
        self.hears(a_shipping(self.code(pick)), times)
        self.become_valid(self.code(pick), "on_shipped")

    @rule(pick=st.integers(0, 4))
    def an_order_is_processed(self, pick: int) -> None:
        self.hears(OrderProcessed(order_code=self.code(pick), by="店長"), 1)
        self.become_valid(self.code(pick), "on_processed")

    def become_valid(self, code: str, mode: str) -> None:
        """Let the model's points of an order become valid, where they wait for this."""
        order = self.orders.get(code)
        if order is not None and order.state == "waiting" and self.mode == mode:
            order.state = "active"
            self.waiting -= order.points
            self.net += order.points
        elif order is not None and order.returned == "waiting" and self.mode == mode:
            order.returned = "active"

    @rule(pick=st.integers(0, 4), revision=st.integers(1, 9), kept=st.sampled_from([0, 0, 600]))
    def its_money_goes_back_or_is_here_again(self, pick: int, revision: int, kept: int) -> None:
        self.hears(a_standing(self.code(pick), revision=revision, kept=kept), 2)
        order = self.orders.get(self.code(pick))
        if order is None or revision <= order.revision:
            return
        order.revision = revision
        if kept and order.returned:
            self.gain(order, order.returned, 1)
            order.state, order.returned = order.returned, ""
        elif not kept and order.state != "gone":
            self.gain(order, order.state, -1)
            order.returned = order.state
            order.state = "gone"

    def gain(self, order: Earned, state: str, sign: int) -> None:
        """Add an order's points to those of the model, or take them away."""
        self.waiting += sign * order.points * (state == "waiting")
        self.net += sign * order.points * (state == "active")

    @rule(pick=st.integers(0, 4), times=st.integers(1, 2))
    def an_order_is_cancelled(self, pick: int, times: int) -> None:
        self.hears(a_cancellation(self.code(pick)), times)
        order = self.orders.get(self.code(pick))
        if order is None:
            return
        self.net += order.spent
        self.gain(order, order.state, -1)
        order.spent, order.state, order.returned = 0, "gone", ""

    @rule(hours=st.sampled_from([1, 24, 96]))
    def time_passes_and_due_work_is_done(self, hours: int) -> None:
        clock.clock.move(timedelta(hours=hours))

        async def work() -> None:
            for table, perform in (
                (benefit_reservations, ReleaseBenefits(self.db)),
                (point_grants, ExpirePoints(self.db)),
            ):
                async with self.db.transaction() as tx:
                    rows = await claim_due(tx, table, rows_max=50, at=now())
                for row in rows:
                    await perform(row)

        self.run(work())
        # Every reservation is older than the shortest of these times.
        self.reserved.clear()

    @invariant()
    def the_ledger_adds_up(self) -> None:
        async def look() -> None:
            async with self.db.transaction() as tx:
                for broken in CHECKS.values():
                    assert await tx.rows(broken) == []
                balance = await balance_of(tx, self.member_id)
            assert balance.waiting == self.waiting
            held = sum(self.reserved.values())
            if self.lapses:
                # What lapses is the model's only unknown: it never comes out of what is set aside.
                assert balance.reserved == held
                assert balance.available >= 0
            else:
                assert (balance.available, balance.reserved) == (self.free, held)
                assert balance.active - balance.debt == self.net, (
                    "all movements make the balance less the debt"
                )

        self.run(look())


async def kinds_posted(db: Database) -> set[str]:
    """Return every kind of posting that ever took place."""
    async with db.transaction() as tx:
        return {row.kind for row in await tx.rows("SELECT DISTINCT kind FROM point_postings")}


def test_the_ledger_adds_up_after_any_story(postgres: TestPostgres) -> None:
    Ledger.loop = asyncio.new_event_loop()
    url = Ledger.loop.run_until_complete(postgres.create_database("members", metadata))
    Ledger.db = Database(url.render_as_string(hide_password=False), service="members", connections_max=3)
    try:
        run_state_machine_as_test(
            Ledger,
            settings=stories(short=50, steps=25, long=400),
        )
        kinds = Ledger.loop.run_until_complete(kinds_posted(Ledger.db))
        assert kinds == EVERY_KIND, "each kind of posting took place in some story"
    finally:
        Ledger.loop.run_until_complete(Ledger.db.close())
        Ledger.loop.run_until_complete(postgres.drop_database(url))
        Ledger.loop.close()


PLANTS = {
    "broken_prefix": "UPDATE point_postings SET active = active + 1 WHERE kind = 'granted'",
    "broken_balance": "UPDATE point_balances SET held = 1",
    "doubled": "INSERT INTO point_postings (member_id, number, kind, reason, waiting, active, waiting_after,"
    " active_after, shortage, order_code, grant_id, by, posted_at) SELECT member_id, number + 9, kind, 'purchase', 0, 0,"
    " 0, 0, 0, order_code, grant_id, by, posted_at FROM point_postings"
    " WHERE kind = 'granted' AND reason = 'purchase'",
    "granted_twice": "INSERT INTO point_grants (grant_id, member_id, order_code, number, reason, points, activation,"
    " state, granted_at) SELECT gen_random_uuid(), member_id, order_code, 2, reason, points, activation, state,"
    " granted_at FROM point_grants WHERE reason = 'purchase'",
    "unsettled": "UPDATE member_orders SET cancelled_at = now()",
}


@pytest.mark.parametrize("check", CHECKS)
async def test_each_check_of_the_ledger_finds_its_planted_fault(members: MembersService, check: str) -> None:
    registered = await members.register()
    await members.hears(an_order(member_id=registered, items=5_000, points=300))
    async with members.db.transaction() as tx:
        for broken in CHECKS.values():
            assert await tx.rows(broken) == []
        if check == "doubled":
            await tx.execute("DROP INDEX point_postings_once_per_grant")
        await tx.execute(PLANTS[check])
        assert await tx.rows(CHECKS[check]) != []


@pytest.mark.parametrize("points", [1, 499, 500])
async def test_valid_points_lapse_by_day_and_the_oldest_go_first(postgres: TestPostgres, points: int) -> None:
    url = await postgres.create_database("members", metadata)
    db = Database(url.render_as_string(hide_password=False), service="members", connections_max=3)
    member_id, rules = new_id(), Rules(valid_days=3)
    async with db.transaction() as tx:
        await change(tx, rules, at=now(), by="試験")
        new = NewMember(member_id=member_id, name="綾瀬 あや", email="aya@example.jp", email_proved=True)
        await register_member(tx, new, rules=rules, via="form", at=now())
    await Hearing(consumers, db).hears(an_order(member_id=member_id, items=5_000, points=points))
    clock.clock.move(timedelta(days=4, minutes=1))

    async with db.transaction() as tx:
        rows = await claim_due(tx, point_grants, rows_max=10, at=now())
    for row in rows:
        await ExpirePoints(db)(row)

    async with db.transaction() as tx:
        balance = await tx.row("SELECT * FROM point_balances")
        expired = await tx.value(
            "SELECT coalesce(-sum(active), 0) FROM point_postings WHERE kind = 'expired'"
        )
    assert balance is not None
    assert (balance.active, expired) == (0, 500 - points)
    await db.close()
    await postgres.drop_database(url)
