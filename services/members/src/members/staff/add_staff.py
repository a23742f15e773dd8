"""Adds staff: ``python -m members.staff.add_staff --email ... --name ... --role owner`` (password on stdin).

A member of staff is a member with a role. Only the desk's own login gives the rights of the role. The command refuses
an address that already belongs to a member: a stranger may have registered a future colleague's address. ``--promote``
gives the role anyway if the address was proved by mail. Name and password remain. All logins end, so that the promoted
member logs in again.

The running service may not write roles. Like `migrate`, the command needs the owner of the tables:
MIGRATE_DATABASE_URL.
"""

import argparse
import asyncio
import getpass
import sys
from typing import Literal

from pydantic import BaseModel

from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.accounts.rows import member_by_email
from members.deeds.rows import OPERATOR, Traces, note_deed
from members.sessions.end_sessions import end_all_sessions
from members.staff.open_account import open_account
from members.staff.rows import lock_owners
from members.staff.standing import Standing, set_standing
from shared.clock import now
from shared.database.transactions import Database
from shared.errors import Refused
from shared.ids import new_id
from shared.process.settings import read_settings
from shared.process.table_owner import TableOwnerSettings, table_owners_database
from shared.web.fields import Email, PersonName
from shared.web.forms import parse_form
from shared.web.staff_rights import FORMER_ROLES, ROLES, present_role

DEMO_EMAIL = "desk@noren.example"
DEMO_NAME = "のれん商店 デスク"


async def add_staff(
    db: Database,
    hasher: PasswordHasher,
    *,
    email: str,
    name: str,
    role: str,
    password: str,
    promote: bool = False,
) -> Literal["made", "promoted"]:
    """Create a member with ``role``, or with ``promote`` give it to the member with this address.

    It publishes no event: to the other services staff are not customers. 操作の記録 stores it (STF-03). Raises Refused for a
    known address without ``promote``, for an unproved one, for the last owner, and for a name or address
    that the forms would refuse.
    """
    who, role = _checked(name, email), present_role(role) or role
    password_hash = await hasher.hash(password)
    async with db.transaction() as tx:
        await lock_owners(tx)
        member_id, at = new_id(), now()
        # The operator vouches for the address.
        made = await open_account(
            tx, member_id, name=who.name, email=who.email, password_hash=password_hash, at=at
        )
        if made:
            await set_standing(tx, member_id, Standing(role), at=at)
            subject, traces = f"{who.name}（{who.email}、{role}）", Traces(after=role, about_id=member_id)
            await note_deed(tx, OPERATOR, "role_given", subject, traces=traces, at=at)
            return "made"
        member = await member_by_email(tx, who.email)
        if member is None or not promote:
            raise Refused("email_known", "this address is a member's: use another, or --promote")
        if member.email_verified_at is None:
            raise Refused(
                "email_not_proved", "nobody has proved this address yet: open the link of its mail first"
            )
        before = await set_standing(tx, member.member_id, Standing(role), at=at)
        change = f"{before or 'なし'} → {role}"
        subject = f"{member.name}（{member.email}、{change}）"
        traces = Traces(before=before or "", after=role, about_id=member.member_id)
        await note_deed(tx, OPERATOR, "role_given", subject, traces=traces, at=at)
        await end_all_sessions(tx, member.member_id, at=at)
        return "promoted"


class _Who(BaseModel):
    """Name and address, by the rules of the forms for members."""

    name: PersonName
    email: Email


def _checked(name: str, email: str) -> _Who:
    """Return name and address as a form would accept them. Raises Refused with the form's message otherwise."""
    form = parse_form(_Who, {"name": name, "email": email})
    for field, message in form.errors.items():
        raise Refused(f"{field}_refused", message, field=field, status=422)
    return form.value


async def ensure_demo_staff(db: Database, hasher: PasswordHasher, password: str) -> None:
    """Create the demo's user of the desk if no live provider is called (SANDBOX). It is safe to run again."""
    async with db.transaction() as tx:
        if await member_by_email(tx, DEMO_EMAIL) is not None:
            return
    await add_staff(db, hasher, email=DEMO_EMAIL, name=DEMO_NAME, role="owner", password=password)


async def _run(settings: TableOwnerSettings, arguments: argparse.Namespace, password: str) -> str:
    hasher = PasswordHasher()
    async with table_owners_database(settings, "members") as db:
        try:
            return await add_staff(
                db,
                hasher,
                email=arguments.email,
                name=arguments.name,
                role=arguments.role,
                password=password,
                promote=arguments.promote,
            )
        finally:
            await hasher.close()


def main() -> None:
    """Read the arguments and the password, and add the account."""
    parser = argparse.ArgumentParser(description="Add a member of staff")
    parser.add_argument("--email", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--role", choices=(*ROLES, *FORMER_ROLES), default="manager")
    parser.add_argument(
        "--promote",
        action="store_true",
        help="give the role to the member with this address, who keeps name and password",
    )
    arguments = parser.parse_args()
    settings = read_settings(TableOwnerSettings, "add_staff")
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().strip()
    if reason := weakness(password, Person(arguments.email, (arguments.name,))):
        raise SystemExit(reason)
    try:
        outcome = asyncio.run(_run(settings, arguments, password))
    except Refused as refusal:
        raise SystemExit(refusal.message) from None
    told = {"made": "added\n", "promoted": "promoted: name and password were kept, all logins have ended\n"}
    sys.stdout.write(told[outcome])


if __name__ == "__main__":
    main()
