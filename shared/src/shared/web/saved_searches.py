"""Saved searches above a desk list: routes that save, rename and delete them, and what the list shows of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from shared.clock import now
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.shop.saved_searches.change_saved_search import Keeper, delete_search, rename_search, save_search
from shared.shop.saved_searches.rows import FOR_ALL, searches_seen_by
from shared.shop.settings.change_settings import Changer
from shared.web.bodies import not_text
from shared.web.fields import Line, wrong
from shared.web.forms import parse_form
from shared.web.lists import Asked, DeskList
from shared.web.parts import CurrentParts
from shared.web.session import Staff, Viewer, needs

NAME_LENGTH_MAX = 40
QUERY_LENGTH_MAX = 2000


def _readable(query: str) -> str:
    """Refuse a search whose link the edge would refuse, or that the database cannot store."""
    if not_text(query.encode("utf-8", "surrogatepass")):
        raise wrong("検索条件に使えない文字が含まれています")
    return query


class SearchName(BaseModel):
    """The name of a search. ``query`` is its query string, ``seen`` the name that staff saw."""

    name: Line = Field(title="検索の名前", min_length=1, max_length=NAME_LENGTH_MAX)
    query: Annotated[str, AfterValidator(_readable)] = Field(
        "", title="検索条件", max_length=QUERY_LENGTH_MAX
    )
    seen: str = Field("", title="いまの名前", max_length=NAME_LENGTH_MAX)
    for_all: bool = Field(False, title="店舗の全員で使う")


@dataclass(frozen=True)
class SavedLink:
    """A saved search on the page: its link, and the address for changes ("" if the viewer may not change it)."""

    name: str
    href: str
    for_all: bool
    current: bool
    change: str


@dataclass(frozen=True)
class ShownSearches:
    """The part of the page above the list. A new search is sent to ``path``. ``query`` is the present search."""

    path: str
    query: str
    links: Sequence[SavedLink]
    may_save: bool

    @property
    def changeable(self) -> list[SavedLink]:
        """Return those that the viewer may rename and delete."""
        return [one for one in self.links if one.change]


class SavedSearches:
    """The saved searches of ``of``; the service's database has the table ``saved_searches``.

    ``changer`` returns who changes them, for 操作の記録.
    """

    def __init__(self, of: DeskList[Any, Any], changer: Callable[[Request, Viewer], Changer]) -> None:
        self._list = of
        self._changer = changer
        self._path = f"{of.path}/searches"

    def router(self) -> APIRouter:
        """Return the routes. They must come before routes whose path ends in a code."""
        routes = APIRouter(dependencies=[needs("keep_searches")], include_in_schema=False)
        routes.add_api_route(self._path, self.save, methods=["POST"])
        routes.add_api_route(f"{self._path}/{{search_id}}", self.rename, methods=["POST"])
        routes.add_api_route(f"{self._path}/{{search_id}}/delete", self.delete, methods=["POST"])
        return routes

    async def shown(self, tx: Tx, asked: Asked[Any], staff: Viewer) -> ShownSearches:
        """Return what the list shows to ``staff`` for the request ``asked``."""
        query, keeper = self._list.query(parse_qsl(asked.paging.query)), _keeper(staff)
        links = [
            SavedLink(
                one.name,
                f"{self._list.path}?{one.query}",
                for_all=one.keeper == FOR_ALL,
                current=one.query == query,
                change=f"{self._path}/{one.search_id}" if keeper.may_change(one) else "",
            )
            for one in await searches_seen_by(tx, self._list.path, keeper.staff)
        ]
        return ShownSearches(self._path, query, links, staff.may("keep_searches"))

    async def save(self, request: Request, parts: CurrentParts, staff: Staff) -> Response:
        """Save the present search of the list under a name."""
        form = parse_form(SearchName, await request.form())
        asked = "" if "query" in form.errors else str(form["query"])
        query = self._list.query(parse_qsl(asked))
        back = f"{self._list.path}?{query}"
        if not form.errors:
            try:
                async with parts.db.transaction() as tx:
                    await save_search(
                        tx,
                        self._list.path,
                        name=form.value.name,
                        query=query,
                        for_all=form.value.for_all,
                        by=_keeper(staff),
                        at=now(),
                    )
                    await self._note(request, tx, staff, "保存", after=form.value.name)
            except Refused as refused:
                form.refuse(refused)
        if form.errors:
            wrong = next(iter(form.errors.values()))
            typed = str(form["name"])
            return parts.pages.redirect(
                request, back, toast=wrong, kind="stop", place="search-name", typed=typed
            )
        return parts.pages.redirect(request, back, toast=f"検索「{form.value.name}」を保存しました")

    async def rename(self, request: Request, parts: CurrentParts, staff: Staff, search_id: UUID) -> Response:
        """Give a search another name."""
        form = parse_form(SearchName, await request.form())
        if form.errors:
            wrong = next(iter(form.errors.values()))
            return parts.pages.redirect(request, self._list.path, toast=wrong, kind="stop")
        value, path = form.value, self._list.path
        try:
            async with parts.db.transaction() as tx:
                found = await rename_search(
                    tx, path, search_id, name=value.name, seen=value.seen, by=_keeper(staff)
                )
                await self._note(request, tx, staff, "名前の変更", before=found.name, after=value.name)
        except Refused as refused:
            if refused.field is None:
                raise
            return parts.pages.redirect(request, path, toast=refused.message, kind="stop")
        toast = f"検索の名前を「{value.name}」に変更しました"
        return parts.pages.redirect(request, f"{path}?{found.query}", toast=toast)

    async def delete(self, request: Request, parts: CurrentParts, staff: Staff, search_id: UUID) -> Response:
        """Delete a search. The orders and payments that it finds are not changed."""
        async with parts.db.transaction() as tx:
            found = await delete_search(tx, self._list.path, search_id, by=_keeper(staff))
            await self._note(request, tx, staff, "削除", before=found.name)
        toast = f"検索「{found.name}」を削除しました"
        return parts.pages.redirect(request, f"{self._list.path}?{found.query}", toast=toast)

    async def _note(
        self, request: Request, tx: Tx, staff: Viewer, what: str, *, before: str = "", after: str = ""
    ) -> None:
        """Record a change of the searches (STF-03)."""
        subject = f"保存した検索「{before or after}」の{what}"
        await self._changer(request, staff).note(tx, subject, at=now(), before=before, after=after)


def _keeper(staff: Viewer) -> Keeper:
    return Keeper(staff.member_id or "", staff.may("change_searches_of_all"))
