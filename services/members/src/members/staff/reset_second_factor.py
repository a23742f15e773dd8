"""Removes a lost second factor: ``python -m members.staff.reset_second_factor --email ...``, also that of the only owner.

All logins of the person end. Like `remove_staff`, the command needs the owner of the tables: MIGRATE_DATABASE_URL.
"""

import argparse
import asyncio
import sys

from members.accounts.rows import member_by_email
from members.deeds.rows import OPERATOR
from members.sessions.end_sessions import end_all_sessions
from members.staff.second_step import remove_factor
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused
from shared.process.settings import read_settings
from shared.process.table_owner import TableOwnerSettings, table_owners_database


async def reset_second_factor(db: Database, *, email: str) -> None:
    """Remove the second factor of the person with this address. Raises Refused if there is none."""
    async with db.transaction() as tx:
        member = await member_by_email(tx, email)
        if member is None or not await remove_factor(
            tx, member.member_id, by=OPERATOR, subject=f"{member.name}（{member.email}）", at=now()
        ):
            raise Refused("no_second_factor", "this address has no second factor")
        await end_all_sessions(tx, member.member_id, at=now())


async def _run(settings: TableOwnerSettings, email: str) -> None:
    async with table_owners_database(settings, "members") as db:
        await reset_second_factor(db, email=email)


def main() -> None:
    """Read the address and remove the factor."""
    parser = argparse.ArgumentParser(description="Remove the second factor of a member of staff")
    parser.add_argument("--email", required=True)
    arguments = parser.parse_args()
    settings = read_settings(TableOwnerSettings, "reset_second_factor")
    try:
        asyncio.run(_run(settings, arguments.email))
    except Refused as refusal:
        raise SystemExit(refusal.message) from None
    sys.stdout.write("removed: the next login has one step, or sets up a new factor\n")


if __name__ == "__main__":
    main()
