"""Performs what is due at payments in a process of its own that a test may let die.

``python work_until_death.py <database address> <konbini address>``
"""

import asyncio
import sys
from dataclasses import replace

from payments.methods.konbini.method import Konbini
from payments.methods.konbini.settings import KonbiniSettings
from payments.methods.method import Method
from payments.methods.registry import Methods
from payments.requests.calls import Calls
from payments.requests.perform_requests import Requests
from shared.database import Database
from shared.due import DueRunner

SECONDS_MAX = 60


async def main(database: str, konbini: str) -> None:
    db = Database(database, service="payments")
    method: Method = Konbini.at(KonbiniSettings(url=konbini, sandbox=True))
    work = Requests(Calls(Methods([method]))).due_work(concurrency=1)
    async with asyncio.timeout(SECONDS_MAX):
        await DueRunner(replace(work, lease_seconds=1), db).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
