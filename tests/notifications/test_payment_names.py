"""The payment methods that mail settings name: those of the orders so far, without reading all orders."""

from datetime import timedelta

from harness.post import Post
from notifications.orders.rows import _PAYMENT_NAMES, payment_names
from shared.clock import now


async def test_each_method_has_the_name_that_its_latest_order_told(post: Post) -> None:
    at = now()
    for days, kind, name in (
        (1, "konbini", "コンビニ"),
        (2, "konbini", "コンビニ払い"),
        (0, "bank_transfer", "銀行振込"),
    ):
        await post.knows_an_order(placed_at=at + timedelta(days=days), payment_kind=kind, payment_name=name)
    await post.knows_an_order(placed_at=at, payment_kind="konbini", payment_name="コンビニ決済")

    async with post.db.transaction() as tx:
        assert await payment_names(tx) == {"konbini": "コンビニ払い", "bank_transfer": "銀行振込"}


async def test_without_orders_there_are_no_names(post: Post) -> None:
    async with post.db.transaction() as tx:
        assert await payment_names(tx) == {}


async def test_names_are_found_in_the_index_of_methods_alone(post: Post) -> None:
    async with post.db.transaction() as tx:
        plan = [row[0] for row in await tx.rows(f"EXPLAIN (ANALYZE) {_PAYMENT_NAMES}")]
    scans = [line for line in plan if "contacts" in line and "Scan" in line]
    assert len(scans) == 3
    assert all("contacts_payment_kind" in line for line in scans)
