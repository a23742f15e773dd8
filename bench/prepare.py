"""What must be there before the first order: members, staff, goods in stock, and finished orders as history."""

from uuid import UUID, uuid4

import asyncpg

from bench.measure import Databases

MEMBERS = 100
PIECES = 100_000_000
MEMBER = """
    INSERT INTO members (member_id, name, kana, email, email_key, phone, postal_code, prefecture, address1,
                         address2, newsletter, password_hash, registered_at, registered_via, order_code)
    VALUES ($1, '椿 花子', 'ツバキ ハナコ', $2, $2, '0312345678', '1500001', '東京都', '渋谷区神宮前1-2-3',
            '', false, NULL, now(), 'form', NULL)
"""


async def prepare(databases: Databases) -> tuple[list[UUID], list[str]]:
    """Make members and fill the shelves; return members and SKUs."""
    members = [uuid4() for _ in range(MEMBERS)]
    connection = databases["members"]
    async with connection.transaction():
        for member_id in members:
            await connection.execute(MEMBER, member_id, f"{member_id.hex}@example.jp")
            await connection.execute("INSERT INTO point_balances (member_id) VALUES ($1)", member_id)
    return members, await _deliver(databases["checkout"])


async def _deliver(connection: asyncpg.Connection) -> list[str]:
    async with connection.transaction():
        skus = [row["sku"] for row in await connection.fetch("SELECT sku FROM stock ORDER BY sku")]
        await connection.execute("UPDATE stock SET available = available + $1", PIECES)
        await connection.execute(
            "INSERT INTO stock_entries (entry_id, sku, reason, reference, available_change, reserved_change, at)"
            " SELECT gen_random_uuid(), sku, 'received', 'bench', $1, 0, now() FROM stock",
            PIECES,
        )
    return skus
