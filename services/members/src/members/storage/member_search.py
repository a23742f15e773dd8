"""Finding members at the desk (会員検索) and reading them all for the export."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shared.database import Database, Tx
from shared.sql import Row

_FROM = (
    " FROM members m LEFT JOIN amazon_links l USING (member_id) LEFT JOIN staff s USING (member_id)"
    " LEFT JOIN point_balances b USING (member_id)"
)
_COLUMNS = (
    "SELECT m.*, l.linked_at, s.role AS staff_role, coalesce(b.active, 0) AS points_active,"
    " coalesce(b.waiting, 0) AS points_waiting"
)
SORTS = {
    "registered_at": "m.registered_at, m.member_id",
    "-registered_at": "m.registered_at DESC, m.member_id DESC",
    "kana": "m.kana, m.name, m.member_id",
    "-kana": "m.kana DESC, m.name DESC, m.member_id",
    "points": "points_active, m.member_id",
    "-points": "points_active DESC, m.member_id",
}
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class MemberSearch:
    """What staff look for: words in name, furigana, address, telephone; and whether linked with Amazon."""

    words: str = ""
    amazon: Literal["", "linked", "unlinked"] = ""

    def where(self) -> str:
        """Return the condition; its values are in :meth:`values`."""
        # Accounts of staff are no customers (STF-01): neither listed, counted, nor exported.
        parts = ["s.member_id IS NULL"]
        if self.words:
            parts.append(
                "(m.name ILIKE :like OR m.kana ILIKE :like OR m.email_key LIKE lower(:like)"
                " OR (:digits <> '' AND m.phone LIKE :digits || '%'))"
            )
        if self.amazon:
            parts.append(f"l.member_id IS {'NOT ' if self.amazon == 'linked' else ''}NULL")
        return " WHERE " + " AND ".join(parts)

    def values(self) -> dict[str, str]:
        """Return the values of the condition; what was typed is searched as it stands, wildcards included."""
        if not self.words:
            return {}
        literal = self.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        digits = self.words.replace("-", "")
        return {"like": f"%{literal}%", "digits": digits if digits.isascii() and digits.isdigit() else ""}


async def find_members(
    tx: Tx, search: MemberSearch, *, sort: str, rows_max: int, offset: int
) -> Sequence[Row]:
    """Return one page of what was found."""
    order = SORTS.get(sort, SORTS["-registered_at"])
    return await tx.rows(
        f"{_COLUMNS}{_FROM}{search.where()} ORDER BY {order} LIMIT :rows_max OFFSET :offset",
        rows_max=rows_max,
        offset=offset,
        **search.values(),
    )


async def count_members(tx: Tx, search: MemberSearch) -> int:
    """Return how many members there are of the kind."""
    return int(await tx.value(f"SELECT count(*){_FROM}{search.where()}", **search.values()))


async def every_member(db: Database, search: MemberSearch) -> AsyncIterator[Row]:
    """Stream all members found, oldest first, in bounded memory."""
    statement = f"{_COLUMNS}{_FROM}{search.where()} ORDER BY {SORTS['registered_at']}"
    async for row in db.stream(statement, rows_at_once=_ROWS_AT_ONCE, **search.values()):
        yield row
