"""Staff accounts: ``python -m members.add_staff --email ... --name ... --role owner`` (password on stdin).

A member of staff is a member with a role, who gets the rights of the role only at the desk's own login.
"""

import argparse
import asyncio
import getpass
import sys

from members.domain.passwords import weakness
from members.password_hasher import PasswordHasher
from members.settings import Settings
from members.storage.members import insert_member, keep_password, member_by_email, set_staff
from members.storage.points import open_balance
from shared.clock import now
from shared.database import Database
from shared.ids import new_id

DEMO_EMAIL = "desk@noren.example"
DEMO_NAME = "のれん商店 デスク"


async def add_staff(
    db: Database, hasher: PasswordHasher, *, email: str, name: str, role: str, password: str
) -> bool:
    """Give ``role`` to the member with this address, making the member if there is none.

    Returns whether the member was made; a member who exists keeps name and password. No event is said: to
    the other services staff are no customers.
    """
    password_hash = await hasher.hash(password)
    async with db.transaction() as tx:
        member_id, at = new_id(), now()
        made = await insert_member(
            tx,
            {
                "member_id": member_id,
                "name": name,
                "kana": "",
                "email": email,
                "phone": "",
                "postal_code": "",
                "prefecture": "",
                "address1": "",
                "address2": "",
                "newsletter": False,
                "password_hash": password_hash,
                "at": at,
                "via": "desk",
                "order_code": None,
            },
        )
        if made:
            await keep_password(tx, member_id, password_hash, at=at)
            await open_balance(tx, member_id)
        member = await member_by_email(tx, email)
        if member is None:
            raise LookupError("the member of staff is gone")
        await set_staff(tx, member.member_id, role, at=at)
    return made


async def ensure_demo_staff(db: Database, hasher: PasswordHasher, password: str) -> None:
    """Where no live provider is called (SANDBOX), let the demo's user into the desk. Safe to run again."""
    async with db.transaction() as tx:
        if await member_by_email(tx, DEMO_EMAIL) is not None:
            return
    await add_staff(db, hasher, email=DEMO_EMAIL, name=DEMO_NAME, role="owner", password=password)


async def _run(arguments: argparse.Namespace, password: str) -> None:
    settings = Settings()
    db = Database(settings.database_url.get_secret_value(), service="members", shop=settings.shop)
    hasher = PasswordHasher()
    made = await add_staff(
        db, hasher, email=arguments.email, name=arguments.name, role=arguments.role, password=password
    )
    await hasher.close()
    await db.close()
    sys.stdout.write("added\n" if made else "known already: the role was set, the password was kept\n")


def main() -> None:
    """Read the arguments and the password, and add the account."""
    parser = argparse.ArgumentParser(description="Add a member of staff")
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", choices=("owner", "staff"), default="staff")
    arguments = parser.parse_args()
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().strip()
    if reason := weakness(password):
        raise SystemExit(reason)
    asyncio.run(_run(arguments, password))


if __name__ == "__main__":
    main()
