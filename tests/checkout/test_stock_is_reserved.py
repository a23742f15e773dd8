"""Stock that two transactions want at the same moment: the second waits, and counts what the first has left."""

import asyncio
from collections.abc import Mapping

from checkout.stock.moves import LeftTheHouse, reserve_stock, ship_stock
from harness.eventually import eventually
from shared.clock import now
from shared.database.transactions import Database, Tx

WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def on_the_shelf(db: Database, **pieces: int) -> None:
    async with db.transaction() as tx:
        for sku, quantity in pieces.items():
            await tx.execute(
                "INSERT INTO products (sku, name, category, maker, summary, description, facts, image, unit_price,"
                " position) VALUES (:sku, '茶', '茶', '園', '', '', '[]', 'tea.svg', 500, 1)",
                sku=sku,
            )
            await tx.execute(
                "INSERT INTO stock (sku, available) VALUES (:sku, :quantity)", sku=sku, quantity=quantity
            )


async def shelf(db: Database) -> dict[str, tuple[int, int]]:
    rows = await db.look("SELECT sku, available, reserved FROM stock ORDER BY sku")
    return {row.sku: (row.available, row.reserved) for row in rows}


async def second_in_line(
    db: Database, first: Mapping[str, int], second: Mapping[str, int]
) -> Mapping[str, tuple[str, int]]:
    """Let a second transaction want its pieces while the first still holds the lock; return what it lacks."""

    async def want(tx: Tx) -> Mapping[str, tuple[str, int]]:
        return await reserve_stock(tx, {"N-2": second}, at=now())

    async def whole() -> Mapping[str, tuple[str, int]]:
        async with db.transaction() as tx:
            return await want(tx)

    async with db.transaction() as tx:
        assert await reserve_stock(tx, {"N-1": first}, at=now()) == {}
        waiting = asyncio.create_task(whole())

        async def waits() -> bool:
            return bool((await db.look(WAITING))[0][0])

        await eventually(waits)
    return await waiting


async def test_who_waited_is_served_from_what_is_left(shop_db: Database) -> None:
    await on_the_shelf(shop_db, A=5)
    assert await second_in_line(shop_db, {"A": 3}, {"A": 2}) == {}
    assert await shelf(shop_db) == {"A": (0, 5)}


async def test_who_waited_in_vain_is_told_what_is_left(shop_db: Database) -> None:
    await on_the_shelf(shop_db, A=5, B=9)
    assert await second_in_line(shop_db, {"A": 3}, {"A": 3, "B": 1}) == {"N-2": ("A", 2)}
    assert await shelf(shop_db) == {"A": (2, 3), "B": (9, 0)}


async def test_of_orders_beyond_the_stock_the_first_are_served(shop_db: Database) -> None:
    await on_the_shelf(shop_db, A=5)
    wanted = {"N-1": {"A": 3}, "N-2": {"A": 3}, "N-3": {"A": 2}}
    async with shop_db.transaction() as tx:
        assert await reserve_stock(tx, wanted, at=now()) == {"N-2": ("A", 2)}
        assert await reserve_stock(tx, {"N-1": {"A": 3}, "N-3": {"A": 2}}, at=now()) == {}
        assert await reserve_stock(tx, {"N-4": {"A": 1}}, at=now()) == {"N-4": ("A", 0)}
        assert await reserve_stock(tx, {"N-5": {"gone": 1}}, at=now()) == {"N-5": ("gone", 0)}
    assert await shelf(shop_db) == {"A": (0, 5)}


async def test_what_leaves_the_house_is_held_no_more(shop_db: Database) -> None:
    await on_the_shelf(shop_db, A=5, B=5)
    async with shop_db.transaction() as tx:
        await reserve_stock(tx, {"N-1": {"A": 3, "B": 1}}, at=now())
    async with shop_db.transaction() as tx:
        await ship_stock(
            tx, [LeftTheHouse("N-1", "1", {"A": 2}, now()), LeftTheHouse("N-1", "2", {"A": 1}, now())]
        )
    assert await shelf(shop_db) == {"A": (2, 0), "B": (4, 1)}
