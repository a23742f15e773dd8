"""Preparation before the first order: members, and products in stock."""

from uuid import UUID, uuid4

from bench.measure import Databases
from checkout.stock.book_stock import Doer, receive_goods
from shared.clock import now
from shared.database.transactions import Database

MEMBERS = 100
PIECES = 5_000_000
MEMBER = """
    INSERT INTO members (member_id, name, kana, email, email_key, phone, postal_code, prefecture, address1,
                         address2, newsletter, password_hash, registered_at, registered_via, order_code)
    VALUES ($1, '椿 花子', 'ツバキ ハナコ', $2, $2, '0312345678', '1500001', '東京都', '渋谷区神宮前1-2-3',
            '', false, NULL, now(), 'form', NULL)
"""


async def prepare(databases: Databases, checkout_url: str) -> tuple[list[UUID], list[str]]:
    """Make members and fill the shelves, whose database is at ``checkout_url``; return members and SKUs."""
    members = [uuid4() for _ in range(MEMBERS)]
    connection = databases["members"]
    async with connection.transaction():
        for member_id in members:
            await connection.execute(MEMBER, member_id, f"{member_id.hex}@example.jp")
            await connection.execute("INSERT INTO point_balances (member_id) VALUES ($1)", member_id)
    skus = [row["sku"] for row in await databases["checkout"].fetch("SELECT sku FROM stock ORDER BY sku")]
    await _fill_shelves(checkout_url, skus)
    return members, skus


async def _fill_shelves(url: str, skus: list[str]) -> None:
    checkout = Database(url, service="checkout")
    try:
        async with checkout.transaction() as tx:
            for sku in skus:
                await receive_goods(
                    tx,
                    sku=sku,
                    pieces=PIECES,
                    cause="仕入",
                    memo="",
                    key=f"bench-{sku}",
                    by=Doer("bench"),
                    at=now(),
                )
    finally:
        await checkout.close()
