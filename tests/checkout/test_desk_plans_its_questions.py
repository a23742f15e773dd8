"""What the desk counts and lists is planned for its values, so that a plan knows the indexes of the work lists."""

from collections.abc import Awaitable, Callable

import pytest

from checkout.order_desk.search import (
    Search,
    count_paid_at_the_door,
    count_tabs,
    find_orders,
    payment_kinds,
    processed_but_unpaid,
)
from checkout.stock.shelves import StockSearch, read_shelves, read_stock_entries
from checkout.tables import metadata
from harness.postgres import MakeDatabase
from shared.database.transactions import Tx

Question = Callable[[Tx], Awaitable[object]]
LONG: dict[str, Question] = {
    "a work list": lambda tx: find_orders(tx, Search(status="processed"), sort="total", limit=50, offset=0),
    "tabs": count_tabs,
    "methods": payment_kinds,
    "paid at the door": lambda tx: count_paid_at_the_door(tx, Search(deposit="unpaid")),
    "closed and unpaid": processed_but_unpaid,
    "shelves": lambda tx: read_shelves(tx, StockSearch(), limit=50, offset=0),
    "ledger": lambda tx: read_stock_entries(tx, "cup", limit=50, offset=0),
}
WORDS: dict[str, Question] = {
    "words": lambda tx: find_orders(tx, Search(text="佐藤"), sort="total", limit=50, offset=0),
}


@pytest.mark.parametrize(
    ("ask", "whole_tables"),
    [
        *(pytest.param(ask, "on", id=name) for name, ask in LONG.items()),
        *(pytest.param(ask, "off", id=name) for name, ask in WORDS.items()),
    ],
)
async def test_what_the_desk_counts_and_lists_is_planned_anew(
    make_db: MakeDatabase, ask: Question, whole_tables: str
) -> None:
    db = await make_db("checkout", metadata)
    async with db.transaction() as tx:
        await ask(tx)
        assert await tx.value("SHOW plan_cache_mode") == "force_custom_plan"
        assert await tx.value("SHOW enable_seqscan") == whole_tables
