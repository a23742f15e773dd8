"""Save a search of a desk list under a name, give it another name, delete it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.shop.saved_searches.rows import FOR_ALL, SavedSearch, searches_seen_by

SEARCHES_MAX = 30
"""The number of searches of a list that one member of staff may have, and that all staff may have together."""


@dataclass(frozen=True, slots=True)
class Keeper:
    """The member of staff who keeps searches: ``staff`` is the member's id.

    The person who saved a search for all may change it, and so may staff with that right.
    """

    staff: str
    may_change_of_all: bool

    def may_change(self, search: SavedSearch) -> bool:
        """Return whether this member of staff may rename and delete ``search``."""
        is_own = self.staff in (search.keeper, search.saved_by)
        return is_own or (search.keeper == FOR_ALL and self.may_change_of_all)


async def save_search(
    tx: Tx, list_path: str, *, name: str, query: str, for_all: bool, by: Keeper, at: datetime
) -> None:
    """Save ``query`` of the list at ``list_path``.

    Raises Refused if the name is taken or there are too many searches.
    """
    known = await _locked(tx, list_path, by)
    keeper = FOR_ALL if for_all else by.staff
    _check_name(known, keeper, name)
    if sum(one.keeper == keeper for one in known) >= SEARCHES_MAX:
        raise Refused(
            "too_many_searches",
            f"保存できる検索は{SEARCHES_MAX}件までです。使わないものを削除してください。",
            field="name",
        )
    await tx.execute(
        "INSERT INTO saved_searches (search_id, list_path, owner, name, query, saved_by, saved_at)"
        " VALUES (:search_id, :list_path, :owner, :name, :query, :saved_by, :at)",
        search_id=new_id(),
        list_path=list_path,
        owner=keeper,
        name=name,
        query=query,
        saved_by=by.staff,
        at=at,
    )


async def rename_search(
    tx: Tx, list_path: str, search_id: UUID, *, name: str, seen: str, by: Keeper
) -> SavedSearch:
    """Rename a search to ``name``. ``seen`` is the name that staff saw. Return the search as it was before.

    Raises Refused if it was deleted or renamed meanwhile, belongs to another person, or the name is taken.
    """
    known = await _locked(tx, list_path, by)
    found = _changeable(known, search_id, by)
    if found.name != seen:
        raise Refused("search_changed", f"この検索の名前は「{found.name}」に変更されています。", field="name")
    if name != found.name:
        _check_name(known, found.keeper, name)
        await tx.execute(
            "UPDATE saved_searches SET name = :name WHERE search_id = :search_id",
            name=name,
            search_id=search_id,
        )
    return found


async def delete_search(tx: Tx, list_path: str, search_id: UUID, *, by: Keeper) -> SavedSearch:
    """Delete a search and return it. Raises Refused if it was deleted already or belongs to another person."""
    found = _changeable(await _locked(tx, list_path, by), search_id, by)
    await tx.execute("DELETE FROM saved_searches WHERE search_id = :search_id", search_id=search_id)
    return found


async def _locked(tx: Tx, list_path: str, by: Keeper) -> list[SavedSearch]:
    """Return the searches that ``by`` sees.

    Lock them, so that no other transaction of this service changes searches.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('saved_searches'))")
    return await searches_seen_by(tx, list_path, by.staff)


def _changeable(known: list[SavedSearch], search_id: UUID, by: Keeper) -> SavedSearch:
    found = next((one for one in known if one.search_id == search_id), None)
    if found is None:
        raise Refused("search_unknown", "この検索は削除されています。", status=404)
    if not by.may_change(found):
        raise Refused("search_of_another", "全員の検索は、保存した人と責任者だけが変更できます。", status=403)
    return found


def _check_name(known: list[SavedSearch], keeper: str, name: str) -> None:
    if any(one.keeper == keeper and one.name == name for one in known):
        raise Refused("search_name_taken", f"「{name}」という名前の検索はすでにあります。", field="name")
