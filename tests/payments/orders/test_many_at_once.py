"""Many events or answers in one transaction leave what they leave one by one, in no more statements."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.due_once import claim, perform
from harness.postgres import MakeDatabase, TestPostgres
from harness.together import statements_of
from payments.notices.act_on_notices import Look, Notices
from payments.notices.rows import JOINED_FOR
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.tables import metadata
from shared.clock import clock
from shared.database.transactions import Database
from shared.events import Event
from tests.payments.order_examples import cancelled, capture_requested, placed, reserved, shipped
from tests.payments.payments_service import settings_for
from tests.payments.predictable_method import START
from tests.payments.service_at_once import ORDERS, TABLES, Service
from tests.properties.profile import stories

LIVES = {
    "card": ["place", "ship", "cancel"],
    "number": ["place", "stock", "cancel"],
    "transfer": ["place", "stock", "staff", "cancel"],
}


def kind_of(code: str) -> str:
    """Return how an order is paid for."""
    return ORDERS.get(code) or code.partition("-")[0]


MAKERS: dict[str, Callable[[str], Event]] = {
    "place": lambda code: placed(code, kind_of(code)),
    "stock": reserved,
    "ship": shipped,
    "part": partial(shipped, fully=False),
    "staff": capture_requested,
    "cancel": cancelled,
}


Step = tuple[str, list[tuple[str, Event | None]]]


def make_story(moves: Sequence[tuple[str, Sequence[str]]]) -> list[Step]:
    """Return steps whose events are made once, so that both services hear the same ones."""
    return [
        (what, [(code, MAKERS[what](code) if what in MAKERS else None) for code in codes])
        for what, codes in moves
    ]


async def live(service: Service, story: Sequence[Step]) -> dict[str, list[tuple[Any, ...]]]:
    """Let a service with empty tables live through a story; return its tables."""
    async with service.db.transaction() as tx:
        for table in reversed(metadata.sorted_tables):
            await tx.execute(table.delete())
    clock.source = lambda: START
    numbers = count()
    for what, about in story:
        codes = [code for code, _ in about]
        match what:
            case "work":
                await service.works()
            case "later":
                clock.move(timedelta(hours=len(codes)))
            case "notice":
                await service.gets_notices(codes, numbers)
            case "pay":
                service.buyers_pay(codes)
            case _:
                await service.hears([event for _, event in about if event is not None])
    found = await service.tables()
    clock.reset()
    return found


moves = st.lists(
    st.tuples(
        st.sampled_from([*MAKERS, "work", "work", "work", "later", "notice", "pay"]),
        st.lists(st.sampled_from([*ORDERS]), min_size=1, max_size=8),
    ),
    min_size=4,
    max_size=16,
)


def test_many_at_once_leave_what_they_leave_one_by_one(postgres: TestPostgres) -> None:
    loop = asyncio.new_event_loop()
    urls = [loop.run_until_complete(postgres.create_database("payments", metadata)) for _ in range(2)]
    addresses = [url.render_as_string(hide_password=False) for url in urls]
    dbs = [Database(address, service="payments", connections_max=2) for address in addresses]
    seen: set[str] = set()

    @stories(short=12, long=300)
    @given(st.lists(st.sampled_from([*ORDERS]), min_size=3), moves)
    def both_are_the_same(first: list[str], more: list[tuple[str, list[str]]]) -> None:
        clock.source = lambda: START
        story = make_story([("place", first), ("work", ["C1"]), *more, ("later", ["C1"]), ("work", ["C1"])])
        together, alone = (
            loop.run_until_complete(live(Service(db, settings_for(address), together), story))
            for db, address, together in zip(dbs, addresses, (True, False), strict=True)
        )
        for name, rows in alone.items():
            assert together[name] == rows, name
            seen.update([name] if rows else [])

    try:
        both_are_the_same()
        assert seen == set(TABLES), "the stories reach every table"
    finally:
        clock.reset()
        for db, url in zip(dbs, urls, strict=True):
            loop.run_until_complete(db.close())
            loop.run_until_complete(postgres.drop_database(url))
        loop.close()


async def statements_in_the_life_of(orders: int, service: Service) -> dict[str, int]:
    """Return how many statements each step of so many orders' lives took."""
    codes = {kind: [f"{kind}-{orders}-{number}" for number in range(orders)] for kind in LIVES}
    needed: dict[str, int] = {}
    for kind, steps in LIVES.items():
        for what in steps:
            events = [MAKERS[what](code) for code in codes[kind]]
            with statements_of(service.db) as sent:
                await service.hears(events)
            needed[f"{kind}: {what}"] = len(sent)
            with statements_of(service.db) as sent:
                await service.works()
            needed[f"{kind}: {what}, and its requests"] = len(sent)
    return needed


@pytest.fixture
async def service(make_db: MakeDatabase) -> Service:
    db = await make_db("payments", metadata)
    return Service(db, settings_for(db.url))


async def test_fifty_orders_take_no_more_statements_than_two(service: Service) -> None:
    two, fifty = [await statements_in_the_life_of(orders, service) for orders in (2, 50)]
    assert fifty == two
    async with service.db.transaction() as tx:
        ended = await tx.rows("SELECT DISTINCT method, state FROM payments ORDER BY method")
    assert [tuple(row) for row in ended] == [
        ("card", "refunded"),
        ("number", "voided"),
        ("transfer", "refunded"),
    ]


async def test_a_payment_that_cannot_be_read_does_not_stop_the_others(service: Service) -> None:
    await service.hears([placed(code, "card") for code in ("A1", "A2", "A3")])
    async with service.db.transaction() as tx:
        await tx.execute("""UPDATE payments SET details = '{"receipts": 7}' WHERE order_code = 'A2'""")
    await service.works()
    async with service.db.transaction() as tx:
        states = await tx.rows(
            "SELECT order_code, p.state, r.due_at IS NULL AS over FROM payments p"
            " JOIN payment_requests r USING (payment_id) ORDER BY 1"
        )
    assert [tuple(row) for row in states] == [
        ("A1", "authorized", True),
        ("A2", "requested", False),
        ("A3", "authorized", True),
    ]


async def test_answers_with_a_lost_lease_are_not_written(service: Service) -> None:
    await service.hears([placed(code, "card") for code in ("A1", "A2", "A3")])
    work = Requests(ProviderGate(service.methods)).due_work(concurrency=3)
    slow = (await claim(service.db, work)).items
    async with service.db.transaction() as tx:
        await tx.execute(
            "UPDATE payment_requests SET leased_until = now() - interval '1 second'"
            " WHERE payment_id = (SELECT payment_id FROM payments WHERE order_code = 'A2')"
        )
    again = (await claim(service.db, work)).items
    assert [one.payment.order_code for one in again] == ["A2"]

    await perform(service.db, work, slow)
    async with service.db.transaction() as tx:
        answered = await tx.rows("SELECT correlation FROM outbox ORDER BY 1")
    assert [row.correlation for row in answered] == ["A1", "A3"]


async def test_a_row_claimed_twice_by_one_worker_counts_once(service: Service) -> None:
    await service.hears([placed("A1", "card")])
    work = Requests(ProviderGate(service.methods)).due_work(concurrency=3)
    first = (await claim(service.db, work)).items
    async with service.db.transaction() as tx:
        await tx.execute("UPDATE payment_requests SET leased_until = now() - interval '1 second'")
    second = (await claim(service.db, work)).items
    async with service.db.transaction() as tx:
        assert work.conclude is not None
        early, late = await work.perform(first[0]), await work.perform(second[0])
        await work.conclude(tx, [(second[0], late), (first[0], early)])
    async with service.db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM outbox") == 1
        assert await tx.value("SELECT count(*) FROM payment_requests WHERE lease IS NOT NULL") == 0


async def test_notices_that_come_during_a_look_share_one_more(service: Service) -> None:
    await service.hears([placed("C1", "card")])
    await service.works()
    work, numbers = Notices(ProviderGate(service.methods)).due_work(concurrency=2), count()

    async def looks() -> Sequence[Look]:
        return [one for one in (await claim(service.db, work)).items if isinstance(one, Look)]

    await service.gets_notices(["C1"], numbers)
    [under_way] = await looks()
    found = await work.perform(under_way)
    for _ in range(50):
        await service.gets_notices(["C1"], numbers)
        assert await looks() == []
    async with service.db.transaction() as tx:
        assert work.conclude is not None
        await work.conclude(tx, [(under_way, found)])
    clock.move(2 * JOINED_FOR)
    more = await looks()
    assert await looks() == []
    await perform(service.db, work, more)

    assert len(more) == 1
    async with service.db.transaction() as tx:
        assert await tx.value("SELECT count(*) FROM notices WHERE state <> 'done' OR due_at IS NOT NULL") == 0


async def test_of_many_events_each_answer_names_the_one_it_answers(service: Service) -> None:
    await service.hears([placed(code, "cash") for code in ("A1", "A2")])
    wishes = [capture_requested(code) for code in ("A1", "A2", "A1")]
    await service.hears(wishes)
    async with service.db.transaction() as tx:
        said = await tx.rows("SELECT correlation, headers::jsonb ->> 'causation_id' FROM outbox ORDER BY seq")
    assert [tuple(row) for row in said] == [(wish.order_code, str(wish.event_id)) for wish in wishes]
