"""Removes staff: ``python -m members.staff.remove_staff --email ...`` removes the role and ends all logins.

The account remains as a member's account, and 操作の記録 keeps its deeds. Like `add_staff`, the command needs the owner of
the tables: MIGRATE_DATABASE_URL.
"""

import argparse
import asyncio
import sys

from members.accounts.rows import member_by_email
from members.deeds.rows import OPERATOR, Traces, note_deed
from members.sessions.end_sessions import end_all_sessions
from members.staff.rows import lock_owners
from members.staff.standing import set_standing
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused
from shared.process.settings import read_settings
from shared.process.table_owner import TableOwnerSettings, table_owners_database


async def remove_staff(db: Database, *, email: str) -> int:
    """Remove the role of the member with this address. Return the number of ended logins.

    They end here and, by SessionsRevoked, in the other services. Raises Refused for an address without a role,
    and for the last owner.
    """
    async with db.transaction() as tx:
        await lock_owners(tx)
        at = now()
        member = await member_by_email(tx, email)
        role = await set_standing(tx, member.member_id, None, at=at) if member is not None else None
        if member is None or role is None:
            raise Refused("no_staff", "this address has no role")
        subject = f"{member.name}（{member.email}、{role}）"
        traces = Traces(before=role, about_id=member.member_id)
        await note_deed(tx, OPERATOR, "role_taken", subject, traces=traces, at=at)
        return await end_all_sessions(tx, member.member_id, at=at)


async def _run(settings: TableOwnerSettings, email: str) -> int:
    async with table_owners_database(settings, "members") as db:
        return await remove_staff(db, email=email)


def main() -> None:
    """Read the address, remove the role, and print the number of ended logins."""
    parser = argparse.ArgumentParser(description="Take the role of a member of staff away")
    parser.add_argument("--email", required=True)
    arguments = parser.parse_args()
    settings = read_settings(TableOwnerSettings, "remove_staff")
    try:
        ended = asyncio.run(_run(settings, arguments.email))
    except Refused as refusal:
        raise SystemExit(refusal.message) from None
    sys.stdout.write(f"removed: {ended} logins have ended\n")


if __name__ == "__main__":
    main()
