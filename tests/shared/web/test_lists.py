"""A desk list: its address says what is shown, and the file has what the page has."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import pytest
from pydantic import BaseModel, Field
from starlette.requests import Request

from shared.web.cells import at, badge, hint, link, text, yen
from shared.web.fields import DayOfLists, Line, Yen
from shared.web.lists import Asked, Column, DeskList, SearchBox, Tabs
from shared.web.paging import page_asked


@dataclass
class Thing:
    """What the list is of."""

    name: str
    total: int
    made_at: datetime = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


class ThingFilters(BaseModel):
    """All kinds of filters."""

    q: Line = Field("", title="検索する言葉", max_length=20)
    state: Literal["", "open", "done"] = Field("", title="状態")
    kinds: list[str] = Field(default_factory=list, title="種類")
    made_from: DayOfLists | None = Field(None, title="作成日(から)")
    made_to: DayOfLists | None = Field(None, title="作成日(まで)")
    total_from: Yen | None = Field(None, title="合計(から)")
    total_to: Yen | None = Field(None, title="合計(まで)")


THINGS = DeskList[ThingFilters, Thing](
    path="/desk/things",
    filters=ThingFilters,
    columns=[
        Column(
            "名前", lambda one: (link(one.name, f"/desk/things/{one.name}"), hint(text("メモ"))), sort="name"
        ),
        Column("状態", lambda one: (badge(("処理中", "wait")), badge(("要確認", "stop")))),
        Column("作成", lambda one: at(one.made_at)),
        Column("合計", lambda one: yen(one.total), sort="total", numeric=True),
        Column("画面だけ", lambda one: text("x"), in_file=False),
        Column("ファイルだけ", lambda one: text("y"), on_page=False),
    ],
    tabs=Tabs("tab", {"new": "新規", "all": "全件"}, other="all"),
    sort="-total",
    search=SearchBox("名前"),
    file="things",
)


async def asked(query: str) -> Asked[ThingFilters]:
    """Return what an address asks for."""
    request = Request({"type": "http", "path": "/desk/things", "query_string": query.encode(), "headers": []})
    return THINGS.read(request, await page_asked(request))


async def test_the_filters_of_the_address_are_typed() -> None:
    found = (await asked("q=+A&state=open&kinds=x&kinds=y&made_from=2026-11-01&total_to=1,000")).filters
    assert (found.q, found.state, found.kinds) == ("A", "open", ["x", "y"])
    assert (found.made_from, found.total_to) == (date(2026, 11, 1), 1000)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=nothing", "state"),
        ("made_from=tomorrow", "made_from"),
        ("made_to=0001-01-01", "made_to"),
        ("total_from=many", "total_from"),
        ("made_from=2026-11-02&made_to=2026-11-01", "made_to"),
        ("total_from=2&total_to=1", "total_to"),
    ],
)
async def test_a_wrong_filter_is_told_at_its_field_and_narrows_nothing(query: str, field: str) -> None:
    wanted = await asked(query)
    assert list(wanted.form.errors) == [field]
    assert (wanted.status, wanted.filters) == (422, ThingFilters())


@pytest.mark.parametrize(("query", "tab"), [("", "new"), ("tab=all", "all"), ("tab=nothing", "all")])
async def test_what_is_no_tab_is_the_tab_for_that(query: str, tab: str) -> None:
    assert (await asked(query)).tab == tab


@pytest.mark.parametrize(
    ("wish", "sort"),
    [("name", "name"), ("-name", "-name"), ("password", "-total"), ("--total", "-total"), ("", "-total")],
)
async def test_only_columns_that_sort_may_be_sorted_by(wish: str, sort: str) -> None:
    assert (await asked(f"sort={wish}")).sort == sort


async def test_tabs_count_and_the_file_has_the_filters_of_the_page() -> None:
    shown = THINGS.shown(await asked("tab=all&state=open"), [], 0, counts={"all": 3})
    assert [(one["label"], one["count"], one["current"]) for one in shown.tabs] == [
        ("新規", 0, False),
        ("全件", 3, True),
    ]
    assert shown.export == "/desk/things/export.csv?tab=all&state=open"
    assert (shown.is_narrowed, shown.is_filtered) == (True, True)


async def test_a_word_alone_narrows_but_opens_no_filters() -> None:
    shown = THINGS.shown(await asked("q=A"), [], 0)
    assert (shown.is_narrowed, shown.is_filtered) == (True, False)


async def test_each_filter_is_drawn_by_its_type() -> None:
    shown = THINGS.shown(await asked(""), [], 0, options={"state": [("open", "処理中")]}, hidden=["made_to"])
    assert [(one.name, one.kind) for one in shown.fields] == [
        ("state", "select"),
        ("kinds", "ticks"),
        ("made_from", "date"),
        ("total_from", "number"),
        ("total_to", "number"),
    ]


async def test_only_rows_that_a_bulk_deed_takes_can_be_ticked() -> None:
    things = [Thing("A", 1), Thing("B", 2)]
    some = THINGS.shown(await asked(""), things, 2, select=lambda one: one.name if one.total > 1 else "")
    assert ([row.select for row in some.rows], some.tickable) == (["", "B"], True)
    assert THINGS.shown(await asked(""), things, 2).tickable is False


async def test_the_file_has_the_columns_of_the_page_and_no_formula() -> None:
    async def things() -> AsyncIterator[Thing]:
        yield Thing("=1+1", 1_200)

    chunks: Sequence[str] = [str(one) async for one in THINGS.csv(things()).body_iterator]
    head, row = "".join(chunks).removeprefix("\ufeff").splitlines()
    assert head == "名前,状態,作成,合計,ファイルだけ"
    assert row == "'=1+1,処理中（要確認）,2026/11/01 12:00,1200,y"
