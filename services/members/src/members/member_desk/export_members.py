"""The members of a list leave as a file (会員データ出力ファイル, MEM-13); it is noted who took them."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime

from members.accounts.search import FoundMember, MemberSearch, count_members, every_member
from members.deeds.rows import Doer, note_deed
from shared.database.transactions import Database


async def export_members(
    db: Database, search: MemberSearch, *, by: Doer, subject: Callable[[int], str], at: datetime
) -> AsyncIterator[FoundMember]:
    """Return all members found, after it is noted who takes them.

    ``by`` tells who and from where (:func:`members.deeds.doer.doer`), ``subject`` says in words what so many are. Members
    keeps the record of deeds itself, so that no event is said.
    """
    async with db.transaction() as tx:
        await note_deed(tx, by, "members_exported", subject(await count_members(tx, search)), at=at)
    return every_member(db, search)
