"""会員データ出力ファイル: taking the members along is a deed that is noted (MEM-13)."""

from collections.abc import AsyncIterator
from datetime import datetime

from members.accounts.search import MemberSearch, count_members, every_member
from members.deeds.rows import Doer, note_deed
from members.member_desk.columns import member_cells
from shared.database.transactions import Database


async def export_members(
    db: Database, search: MemberSearch, *, by: Doer, at: datetime
) -> AsyncIterator[tuple[str | int, ...]]:
    """Note who takes how many members along; return their cells, row by row."""
    async with db.transaction() as tx:
        await note_deed(tx, by, "members_exported", f"{await count_members(tx, search):,}人", at=at)
    return member_cells(every_member(db, search))
