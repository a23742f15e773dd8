"""Performs what is due at payments, once, in a process of its own that a test may let die.

``python work_once.py <database address> <konbini address>``
"""

import asyncio
import sys

from payments.calls import Calls
from payments.method import Method
from payments.methods import Methods
from payments.methods.konbini.method import Konbini
from payments.methods.konbini.settings import KonbiniSettings
from payments.perform_requests import Requests
from shared.clock import now
from shared.database import Database
from shared.due import claim_due


async def main(database: str, konbini: str) -> None:
    db = Database(database, service="payments")
    method: Method = Konbini.at(KonbiniSettings(url=konbini, sandbox=True))
    work = Requests(db, Calls(Methods([method]))).due_work(concurrency=1)
    async with db.transaction() as tx:
        rows = await claim_due(tx, work.table, rows_max=10, at=now(), lease_seconds=1)
    for row in rows:
        await work.perform(row)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
