"""History: the finished orders of a shop after months, created with a few statements.

They are copies of the orders that went through the whole journey in this run, with new codes and ids, in every
table that an order leaves rows in.
"""

from collections.abc import Callable

import asyncpg

from bench.measure import Databases
from deploy.native.site import SERVICES

# table -> column -> how a copy differs; other columns are copied. `n` is the number of the copy.
CODE = "{0} || '-' || n"
ID = "md5({0}::text || n)::uuid"
COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 AND is_identity = 'NO'
"""
COPIES: dict[str, dict[str, dict[str, str]]] = {
    "checkout": {
        "orders": {"code": CODE},
        "order_destinations": {"destination_id": ID, "order_code": CODE},
        "order_lines": {"order_code": CODE, "destination_id": ID},
        "order_history": {"order_code": CODE},
        "timeline": {"entry_id": "", "order_code": CODE},
        "order_payments": {"order_code": CODE},
        "order_money": {"entry_id": "", "order_code": CODE},
        "order_benefits": {"entry_id": "", "order_code": CODE},
        "order_memberships": {"entry_id": "", "order_code": CODE},
        "placements": {"key": CODE, "order_code": CODE},
        "stock_entries": {"entry_id": ID, "reference": CODE},
        "inbox": {"event_id": ID},
        "outbox": {"seq": "", "event_id": ID},
    },
    "payments": {
        "payments": {
            "payment_id": ID,
            "order_code": CODE,
            "provider_ids": "ARRAY[md5(m.payment_id::text || n)]",
        },
        "payment_history": {"payment_id": ID},
        "payment_requests": {"request_id": ID, "payment_id": ID},
        "journal_lines": {"line_id": "", "payment_id": ID},
        "receipts": {"receipt_id": CODE, "payment_id": ID},
        "inbox": {"event_id": ID},
        "outbox": {"seq": "", "event_id": ID},
    },
    "members": {
        "member_orders": {"order_code": CODE},
        "inbox": {"event_id": ID},
        "outbox": {"seq": "", "event_id": ID},
    },
    "notifications": {
        "contacts": {"order_code": CODE},
        "mails": {"mail_id": ID, "event_id": ID, "message_id": CODE, "order_code": CODE},
        "mail_attempts": {"mail_id": ID},
        "inbox": {"event_id": ID},
        "outbox": {"seq": "", "event_id": ID},
    },
}
ONLY = {"stock_entries": "WHERE m.reason IN ('reserved', 'shipped')"}


async def grow_history(databases: Databases, superuser_url: Callable[[str], str], size: int) -> None:
    """Multiply the finished orders until there are about ``size``; then let the planner learn of them.

    ``superuser_url`` returns the administrator's address of a service's database.
    """
    present = int(await databases["checkout"].fetchval("SELECT count(*) FROM orders"))
    copies = size // present - 1
    if copies <= 0:
        return
    for service in SERVICES:
        connection = await asyncpg.connect(superuser_url(service))
        try:
            async with connection.transaction():
                # Foreign keys hold, because what a copy refers to is copied alike.
                await connection.execute("SET LOCAL session_replication_role = replica")
                for table, changes in COPIES[service].items():
                    await _multiply(connection, table, changes, first=present, copies=copies)
            await connection.execute("VACUUM ANALYZE")
        finally:
            await connection.close()


async def _multiply(
    connection: asyncpg.Connection, table: str, changes: dict[str, str], *, first: int, copies: int
) -> None:
    rows = await connection.fetch(COLUMNS, table)
    names = [row["column_name"] for row in rows if changes.get(row["column_name"]) != ""]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(
        changes[name].format(f'm."{name}"') if name in changes else f'm."{name}"' for name in names
    )
    await connection.execute(
        f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} AS m"  # noqa: S608 - our own names
        f" CROSS JOIN generate_series({first}, {first + copies - 1}) AS n {ONLY.get(table, '')}"
    )
