"""Undoes the link with an Amazon account."""

from datetime import datetime
from uuid import UUID

from members.accounts.rows import Member, lock_member, member_by_id
from members.sessions.end_sessions import end_all_sessions
from members.sessions.open_session import LoginOvertaken
from members.sessions.rows import way_of
from members.wallets.rows import end_link
from shared.database.transactions import Tx
from shared.errors import Refused


class PasswordMissing(Refused):
    """The member has no password. Without the link nobody could log in any more."""

    def __init__(self) -> None:
        super().__init__(
            "password_missing",
            "先にパスワードを設定してください。設定しないまま連携を解除すると、ログインできなくなります",
        )


class NotLinked(Refused):
    """There is no link that could end."""

    def __init__(self) -> None:
        super().__init__("amazon_not_linked", "Amazonアカウントは連携されていません", status=409)


async def unlink_amazon(tx: Tx, member_id: UUID, session_id: UUID | None, *, at: datetime) -> Member:
    """End the Amazon link of the member with the session ``session_id``, and all other logins. Return the member.

    Raises LoginOvertaken if that session has ended, NotLinked, and PasswordMissing.
    """
    member = await member_by_id(tx, member_id)
    unchanged = member is not None and await lock_member(tx, member)
    way = await way_of(tx, session_id, member_id, at=at) if session_id is not None else None
    if member is None or not unchanged or way is None:
        raise LoginOvertaken
    if member.linked_at is None:
        raise NotLinked
    if member.password_hash is None:
        raise PasswordMissing
    await end_link(tx, member_id, at=at, reason="undone")
    await end_all_sessions(tx, member_id, at=at, but=session_id)
    return await member_by_id(tx, member_id) or member
