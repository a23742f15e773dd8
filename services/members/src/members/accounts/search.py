"""Finds members at the desk (会員検索) and reads all of them for the export."""

import unicodedata
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.database.planning import LONG
from shared.database.transactions import Database, Tx
from shared.text.search_words import like_part, sought

_FROM = (
    " FROM members m LEFT JOIN amazon_links l USING (member_id) LEFT JOIN staff s USING (member_id)"
    " LEFT JOIN point_balances b USING (member_id)"
)
_COLUMNS = (
    "SELECT m.member_id, m.name, m.kana, m.email, m.phone, m.postal_code, m.prefecture, m.address1, m.address2,"
    " m.newsletter, m.registered_at, l.linked_at, coalesce(b.active, 0) AS points_active,"
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
DIGITS_MIN = 4  # fewer are in every telephone number
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7)))
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3097)))


def _folded(column: str) -> str:
    """Return SQL that folds a name like shared/text/search_words.py: no blanks, hiragana, half width, small letters."""
    plain = f"lower(normalize({column}, NFKC))"
    return f"translate({plain}, '{_KATAKANA} ・-', '{_HIRAGANA}')"


_FOUND = (
    f"((:name <> '' AND ({_folded('m.name')} LIKE '%' || :name || '%'"
    f" OR {_folded('m.kana')} LIKE '%' || :name || '%'))"
    " OR m.email_key LIKE lower(:like) OR (:digits <> '' AND m.phone LIKE '%' || :digits || '%'))"
)


@dataclass(frozen=True)
class MemberSearch:
    """The search conditions: words in name, furigana, address or telephone number; and whether linked with Amazon."""

    words: str = ""
    amazon: Literal["", "linked", "unlinked"] = ""

    def where(self) -> str:
        """Return the SQL condition. Its values are in :meth:`values`."""
        # Accounts of staff are no customers (STF-01). They are not listed, counted or exported.
        parts = ["s.member_id IS NULL"]
        if self.words:
            parts.append(_FOUND)
        if self.amazon:
            parts.append(f"l.member_id IS {'NOT ' if self.amazon == 'linked' else ''}NULL")
        return " WHERE " + " AND ".join(parts)

    def values(self) -> dict[str, str]:
        """Return the values of the condition. Wildcards that were typed are searched literally."""
        if not self.words:
            return {}
        name = sought(self.words)
        digits = name if name.isdecimal() and len(name) >= DIGITS_MIN else ""
        return {"like": like_part(unicodedata.normalize("NFKC", self.words)), "name": name, "digits": digits}


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A member in lists and in the export. Its points are empty if it has no balance."""

    member_id: UUID
    name: str
    kana: str
    email: str
    phone: str
    postal_code: str
    prefecture: str
    address1: str
    address2: str
    newsletter: bool
    registered_at: datetime
    linked_at: datetime | None
    points_active: int
    points_waiting: int


async def find_members(
    tx: Tx, search: MemberSearch, *, sort: str, rows_max: int, offset: int
) -> list[FoundMember]:
    """Return one page of found members."""
    await tx.plan(LONG)
    order = SORTS.get(sort, SORTS["-registered_at"])
    return await tx.read(
        FoundMember,
        f"{_COLUMNS}{_FROM}{search.where()} ORDER BY {order} LIMIT :rows_max OFFSET :offset",
        rows_max=rows_max,
        offset=offset,
        **search.values(),
    )


async def count_members(tx: Tx, search: MemberSearch) -> int:
    """Return the number of found members."""
    await tx.plan(LONG)
    return int(await tx.value(f"SELECT count(*){_FROM}{search.where()}", **search.values()))


def every_member(db: Database, search: MemberSearch) -> AsyncIterator[FoundMember]:
    """Stream all found members, oldest first, in bounded memory."""
    statement = f"{_COLUMNS}{_FROM}{search.where()} ORDER BY {SORTS['registered_at']}"
    return db.read_all(FoundMember, statement, rows_at_once=_ROWS_AT_ONCE, **search.values())
