"""The saved searches of a list that a member of staff sees."""

from dataclasses import dataclass
from uuid import UUID

from shared.database.transactions import Tx

FOR_ALL = ""
"""The keeper of a search that all staff of the shop see."""


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A query string of a list under a name. ``keeper``: the id of the member of staff, or FOR_ALL."""

    search_id: UUID
    keeper: str
    name: str
    query: str
    saved_by: str


async def searches_seen_by(tx: Tx, list_path: str, staff: str) -> list[SavedSearch]:
    """Return the searches of the list at ``list_path`` for all, then those of ``staff`` (a member's id)."""
    return await tx.read(
        SavedSearch,
        "SELECT search_id, owner AS keeper, name, query, saved_by FROM saved_searches"
        " WHERE list_path = :list_path AND owner = ANY(:keepers) ORDER BY owner, name",
        list_path=list_path,
        keepers=[FOR_ALL, staff],
    )
