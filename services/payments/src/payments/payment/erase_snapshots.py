"""Erase old orders: ``python -m payments.payment.erase_snapshots --days 400``, run daily by the operators' timer.

The command erases personal data that methods needed while a refund was possible. Payments, their history and the
journal stay. The running service may not delete this data. So the command needs the owner of the tables:
MIGRATE_DATABASE_URL.
"""

import argparse
import asyncio
import sys
from datetime import timedelta

from shared.clock import now
from shared.database.transactions import Database
from shared.process.settings import read_settings
from shared.process.table_owner import TableOwnerSettings, table_owners_database

DAYS_MIN = 180
"""The minimum number of days, because refunds and chargebacks may need the order so long."""
_AT_ONCE = 1_000


async def erase_snapshots(db: Database, *, days: int) -> int:
    """Erase the orders that were stored more than ``days`` days ago. Return their number.

    Each portion is its own transaction. Raises ValueError for less than DAYS_MIN.
    """
    if days < DAYS_MIN:
        raise ValueError(f"refunds and chargebacks may need orders for {DAYS_MIN} days")
    before, erased = now() - timedelta(days=days), 0
    while True:
        async with db.transaction() as tx:
            gone = await tx.rows(
                "DELETE FROM order_snapshots WHERE order_code IN"
                " (SELECT order_code FROM order_snapshots WHERE stored_at < :before LIMIT :at_once)"
                " RETURNING order_code",
                before=before,
                at_once=_AT_ONCE,
            )
        erased += len(gone)
        if len(gone) < _AT_ONCE:
            return erased


async def _run(settings: TableOwnerSettings, days: int) -> int:
    async with table_owners_database(settings, "payments") as db:
        return await erase_snapshots(db, days=days)


def main() -> None:
    """Read the number of days, erase the orders, and print their number."""
    parser = argparse.ArgumentParser(description="Erase old orders that payments keeps for its methods")
    parser.add_argument("--days", type=int, default=400)
    arguments = parser.parse_args()
    settings = read_settings(TableOwnerSettings, "erase_snapshots")
    try:
        erased = asyncio.run(_run(settings, arguments.days))
    except ValueError as refused:
        raise SystemExit(str(refused)) from None
    sys.stdout.write(f"erased: {erased} orders\n")


if __name__ == "__main__":
    main()
