"""The account of a person who becomes staff without having been a member."""

from datetime import datetime
from uuid import UUID

from members.accounts.rows import NewAccount, email_key, insert_member, keep_password
from members.points.rows import open_balance
from shared.database.transactions import Tx


async def open_account(
    tx: Tx, member_id: UUID, *, name: str, email: str, password_hash: str, at: datetime
) -> bool:
    """Store the member, whose address somebody vouches for. Returns False if the address is a member's.

    It publishes no event: to the other services staff are not customers.
    """
    made = await insert_member(
        tx,
        NewAccount(
            member_id=member_id,
            name=name,
            email=email,
            email_key=email_key(email),
            password_hash=password_hash,
            registered_at=at,
            registered_via="desk",
            email_verified_at=at,
        ),
    )
    if made:
        await keep_password(tx, member_id, password_hash, at=at)
        await open_balance(tx, member_id)
    return made
