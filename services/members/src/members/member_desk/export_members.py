"""Exports the members of a list as a file (会員データ出力ファイル, MEM-13), and records who exported them."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from members.accounts.search import FoundMember, MemberSearch, count_members, every_member
from members.deeds.rows import Doer, note_deed
from shared.database.transactions import Database


async def export_members(
    db: Database, search: MemberSearch, *, by: Doer, subject: Callable[[int], str], at: datetime
) -> AsyncIterator[FoundMember]:
    """Return all found members after recording who exports them.

    ``by`` identifies the person and their address (:func:`members.deeds.doer.doer`). ``subject`` describes the exported
    members in words. Members stores the deed itself, so it publishes no event.
    """
    async with db.transaction() as tx:
        await note_deed(tx, by, "members_exported", subject(await count_members(tx, search)), at=at)
    return every_member(db, search)
