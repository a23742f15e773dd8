"""Many events in one transaction leave what they leave one by one, in statements that their number does not change."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from harness.hearing import said
from harness.postgres import MakeDatabase
from harness.together import hear_together, statements_of
from members.benefits.rows import insert_reservation
from members.consumers import consumers
from members.points.rows import lock_known_balance, store_balance
from members.registration.register_member import NewMember, register_member
from members.shop_rules.rules import Rules
from members.tables import metadata
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import Event, OrderPlaced, OrderProcessed, Registration
from shared.ids import new_id
from shared.shop.settings.change_settings import change
from tests.members.member_examples import a_cancellation, a_shipping, a_standing, an_authorization, an_order

MEMBERS = [new_id() for _ in range(3)]
RESERVATIONS = [new_id() for _ in range(3)]
STARTED_AT = now()
LEFT_BEHIND = {
    "member_orders": "order_code, member_id, points_used, cancelled_at, note",
    "point_balances": "member_id, waiting, active, held, entries",
    "point_postings": "member_id, number, kind, reason, waiting, active, waiting_after, active_after, shortage,"
    " order_code, posted_at",
    "point_grants": "member_id, order_code, reason, points, activation, valid_days, state, granted_at,"
    " activated_at, expires_at, due_at",
    "benefit_reservations": "reservation_id, member_id, points, points_held, status, ended_at, order_code, due_at",
    "amazon_links": "member_id, buyer_id, linked_at, path",
    "members": "member_id, email, registered_via, order_code",
}


async def a_shop(make_db: MakeDatabase) -> Database:
    """A shop with three members who have 500 points each, of which 100 are set aside."""
    db = await make_db("members", metadata)
    async with db.transaction() as tx:
        await change(tx, Rules(valid_days=30), at=STARTED_AT, by="店長")
        for member_id, reservation_id in zip(MEMBERS, RESERVATIONS, strict=True):
            new = NewMember(
                member_id=member_id, name="綾瀬 あや", email=f"{member_id}@example.jp", email_proved=True
            )
            await register_member(tx, new, rules=Rules(valid_days=30), via="form", at=STARTED_AT)
            await store_balance(tx, (await lock_known_balance(tx, member_id)).reserve(100))
            await insert_reservation(
                tx,
                reservation_id,
                member_id=member_id,
                buyer_id=None,
                registration=False,
                points=100,
                at=STARTED_AT,
                due_at=STARTED_AT + timedelta(minutes=35),
            )
    return db


def orders() -> list[OrderPlaced]:
    """Orders of all kinds: with points set aside, with more than there are, Amazon's, guests', registering."""
    aya, bun, cho = MEMBERS
    return [
        an_order(
            "N-1", member_id=aya, points=100, reservation_id=RESERVATIONS[0], amazon_buyer_id="amzn.AYA"
        ),
        an_order("N-2", member_id=aya, points=50, amazon_buyer_id="amzn.OTHER"),
        an_order("N-3", member_id=bun, points=900, reservation_id=RESERVATIONS[1]),
        an_order("N-4", amazon_buyer_id="amzn.GUEST"),
        an_order("N-5", member_id=new_id(), points=10),
        an_order("N-6", member_id=cho, amazon_buyer_id="amzn.AYA", reservation_id=RESERVATIONS[0]),
        an_order("N-7", member_id=cho, items=0, reservation_id=new_id()),
        an_order("N-8", member_id=bun, items=80_000, reservation_id=RESERVATIONS[2], points=100),
        an_order(
            "N-9", registration=Registration(member_id=new_id(), email_proved=True), email="new@example.jp"
        ),
        an_order("N-1", member_id=aya, points=100),
    ]


def endings() -> list[Event]:
    """What happens to them afterwards; some of it is said twice."""
    authorized = [an_authorization(f"N-{number}") for number in (1, 6, 2, 1)]
    shipped = [a_shipping(f"N-{number}") for number in (1, 2, 3, 1, 9)]
    return [
        *authorized,
        *shipped,
        a_shipping("N-8", fully=False),
        OrderProcessed(order_code="N-1", by="店長"),
        a_standing("N-1"),
        a_standing("N-9"),
        *(a_cancellation(f"N-{number}") for number in (1, 2, 3, 4, 5, 8, 3)),
    ]


async def left_behind(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the tables, without the ids that are drawn anew each time."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    async with db.transaction() as tx:
        for table, columns in LEFT_BEHIND.items():
            found[table] = sorted(map(tuple, await tx.rows(f"SELECT {columns} FROM {table}")), key=repr)
    found["said"] = sorted(
        (type(event).__name__, str(event.caused_by), event.model_dump_json()) for event in await said(db)
    )
    return found


async def test_many_events_at_once_leave_what_they_leave_one_by_one(make_db: MakeDatabase) -> None:
    events: list[Event] = [*orders()]
    together, one_by_one = await a_shop(make_db), await a_shop(make_db)
    later = endings()

    for told in (events, later):
        await hear_together(together, consumers, told)
        await hear_together(one_by_one, consumers, told, at_once=1)

    left = await left_behind(together)
    assert left == await left_behind(one_by_one)
    kinds = {row[0] for row in left["said"]}
    assert {"PointsUsed", "PointsGranted", "AmazonAccountLinked", "MemberRegistered"} < kinds
    assert {"PointsActivated", "PointsReturned"} < kinds


async def test_a_reservation_of_nobody_here_ends_as_a_shortage(
    make_db: MakeDatabase,
) -> None:
    db, of_a_stranger = await a_shop(make_db), new_id()
    async with db.transaction() as tx:
        await insert_reservation(
            tx,
            of_a_stranger,
            member_id=new_id(),
            buyer_id=None,
            registration=False,
            points=100,
            at=STARTED_AT,
            due_at=STARTED_AT + timedelta(minutes=35),
        )

    await hear_together(
        db,
        consumers,
        [
            an_order("N-1", member_id=MEMBERS[0], points=100, reservation_id=of_a_stranger),
            an_order("N-2", member_id=MEMBERS[0], points=50),
        ],
    )

    left = await left_behind(db)
    assert [(row[0], row[2], row[4]) for row in left["member_orders"]] == [
        ("N-1", 0, "points_short:100"),
        ("N-2", 50, ""),
    ]
    [ended] = [row for row in left["benefit_reservations"] if row[0] == of_a_stranger]
    assert (ended[4], ended[6], ended[7]) == ("committed", "N-1", None)
    [balance] = [row for row in left["point_balances"] if row[0] == MEMBERS[0]]
    assert balance[2:4] == (450, 100)


async def test_one_early_event_holds_up_no_other(make_db: MakeDatabase) -> None:
    db = await a_shop(make_db)
    await hear_together(db, consumers, orders())

    with pytest.raises(TryAgain):
        await hear_together(db, consumers, [a_shipping("N-1"), a_shipping("N-UNKNOWN")])
    await hear_together(db, consumers, [a_shipping("N-1")])

    grants = [row for row in (await left_behind(db))["point_grants"] if row[1] == "N-1"]
    assert [row[6] for row in grants] == ["active"]


def _the_same_many_times(number: int) -> Sequence[Sequence[Event]]:
    codes = [f"N-{count}" for count in range(number)]
    members: list[UUID] = [MEMBERS[count % 3] for count in range(number)]
    placed = [
        an_order(code, member_id=member_id, points=1, amazon_buyer_id=f"amzn.{code}")
        for code, member_id in zip(codes, members, strict=True)
    ]
    authorized = [an_authorization(code) for code in codes]
    returned = [a_standing(code) for code in codes[::2]]
    shipped = [a_shipping(code) for code in codes]
    return placed, authorized, shipped, returned, [a_cancellation(code) for code in codes]


async def test_the_number_of_statements_does_not_grow_with_the_batch(make_db: MakeDatabase) -> None:
    counted: dict[int, int] = {}
    for number in (2, 50):
        db = await a_shop(make_db)
        with statements_of(db) as seen:
            for told in _the_same_many_times(number):
                await hear_together(db, consumers, told)
        counted[number] = len(seen)

    assert counted[50] == counted[2]
