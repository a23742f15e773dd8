"""Lists the staff: ``python -m members.staff.list_staff``, with the owner's MIGRATE_DATABASE_URL."""

import argparse
import asyncio
import sys
from collections.abc import Iterable

from members.staff.rows import StaffMember, all_staff
from shared.clock import in_japan, now
from shared.process.settings import read_settings
from shared.process.table_owner import TableOwnerSettings, table_owners_database


def staff_lines(staff: Iterable[StaffMember]) -> str:
    """Return a line for each member of staff: role, the day in Japan when it was given, address, name."""
    return "".join(
        f"{one.role}\t{in_japan(one.added_at):%Y-%m-%d}\t{one.email}\t{one.name}{_disabled(one)}\n"
        for one in staff
    )


def _disabled(one: StaffMember) -> str:
    return "" if one.disabled_at is None else f"\tdisabled {in_japan(one.disabled_at):%Y-%m-%d}"


async def _run(settings: TableOwnerSettings) -> str:
    async with table_owners_database(settings, "members") as db, db.transaction() as tx:
        return staff_lines(await all_staff(tx, at=now()))


def main() -> None:
    """Print the list."""
    argparse.ArgumentParser(description="List the members of staff").parse_args()
    sys.stdout.write(asyncio.run(_run(read_settings(TableOwnerSettings, "list_staff"))))


if __name__ == "__main__":
    main()
