"""The saved searches of a list that a member of staff sees."""

from dataclasses import dataclass
from uuid import UUID

from shared.database.sql import columns_of
from shared.database.transactions import Tx

FOR_ALL = ""
"""The owner of a search that all staff of the shop see."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query string of a list under a name. ``owner``: the id of the member of staff, or FOR_ALL."""

    search_id: UUID
    owner: str
    name: str
    query: str
    saved_by: str


async def searches_seen_by(tx: Tx, list_path: str, staff: str) -> list[SavedSearch]:
    """Return the searches of the list at ``list_path`` for all, then those of ``staff`` (a member's id)."""
    return await tx.read(
        SavedSearch,
        f"SELECT {columns_of(SavedSearch)} FROM saved_searches"  # noqa: S608 - our own names
        " WHERE list_path = :list_path AND owner = ANY(:owners) ORDER BY owner, name",
        list_path=list_path,
        owners=[FOR_ALL, staff],
    )
