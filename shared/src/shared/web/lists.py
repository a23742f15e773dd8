"""A list at the desk: one declaration of its columns, tabs, filters, order and file; the README shows one.

The address of a list contains tab, filters, sort order and page. A filter is a field of a pydantic model. Its type is
the accepted input, its title the name for staff, and an error is shown at the field. Days and amounts are spans: two
fields that end in ``_from`` and ``_to``, or ``from`` and ``until``.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from shared.errors import Refused
from shared.web.cells import Cell, Piece, pieces_of, written
from shared.web.csv_file import csv_response
from shared.web.forms import Form, parse_form
from shared.web.paging import Page, PageAsked, with_query

Filters = TypeVar("Filters", bound=BaseModel)
Item = TypeVar("Item")
Options = Sequence[tuple[str, str]]
TEXT = "q"
"""The filter that is the search box above the list."""


class NoFilters(BaseModel):
    """The filters of a list without filters."""


@dataclass(frozen=True)
class Column(Generic[Item]):
    """One column. It may be only on the page or only in the file.

    ``sort`` is its name in the address, or "" if it does not sort. ``css`` are the classes of its cells. With
    ``named``, a row that is shown as a card has the label before the value. ``csv`` writes the cell of the file if that
    is not ``written(cell)``.
    """

    label: str
    cell: Callable[[Item], Cell]
    sort: str = ""
    css: str = "card-foot"
    numeric: bool = False
    named: bool = False
    csv: Callable[[Item], str | int] | None = None
    on_page: bool = True
    in_file: bool = True

    def written(self, item: Item) -> str | int:
        """Return the cell of the file."""
        return self.csv(item) if self.csv else written(self.cell(item))


@dataclass(frozen=True)
class Tabs:
    """The fixed searches of a list: key and label. ``name`` is their parameter; the first is the default.

    ``other`` is the tab of an unknown key. With ``keeps``, a change of the tab keeps the filters.
    """

    name: str
    labels: Mapping[str, str]
    other: str = ""
    keeps: bool = False


@dataclass(frozen=True)
class SearchBox:
    """The search box above a list. ``tab`` is the tab that it searches. None means the shown tab."""

    placeholder: str
    label: str = "検索"
    hint: str = ""
    tab: str | None = None


@dataclass(frozen=True)
class Asked(Generic[Filters]):
    """The requested part of a list. ``filters`` are empty if the form has errors."""

    form: Form[Filters]
    filters: Filters
    tab: str
    sort: str
    paging: PageAsked

    @property
    def status(self) -> int:
        """Return the status of the answer: 422 where a filter is wrong."""
        return 422 if self.form.errors else 200

    def for_file(self) -> "Asked[Filters]":
        """Return it for a file. Raises Refused if a filter is wrong, so that no file with all rows is created."""
        for name, message in self.form.errors.items():
            raise Refused("filter_refused", message, field=name, status=422)
        return self


@dataclass(frozen=True)
class ShownList:
    """A list as its template draws it (``desk_list.html``)."""

    path: str
    rows: Sequence["ShownRow"]
    columns: Sequence[Column[Any]]
    page: Page
    tabs: Sequence[Mapping[str, Any]]
    tab: tuple[str, str]
    sort: str
    form: Form[Any]
    fields: Sequence["FilterField"]
    search: SearchBox | None
    export: str
    is_narrowed: bool
    is_filtered: bool

    @property
    def tickable(self) -> bool:
        """Return whether any row can be selected."""
        return any(row.select for row in self.rows)


@dataclass(frozen=True)
class ShownRow:
    """One row: its link, its cells, and its value for a bulk action, "" if it cannot be selected."""

    href: str
    cells: Sequence[Sequence[Piece]]
    select: str = ""


@dataclass(frozen=True)
class FilterField:
    """How a filter is drawn: as a ``select``, ``ticks``, a ``date``, a ``number``, or ``text``."""

    name: str
    kind: Literal["select", "ticks", "date", "number", "text"]
    options: Options = ()


@dataclass(frozen=True)
class DeskList(Generic[Filters, Item]):
    """The declaration of a list. ``sort`` is the default order: the name of a column, with "-" for descending.

    ``file`` is the name of its CSV file, at ``<path>/export.csv``; "" without one.
    """

    path: str
    filters: type[Filters]
    columns: Sequence[Column[Item]]
    href: Callable[[Item], str] = field(default=lambda _: "")
    tabs: Tabs | None = None
    sort: str = ""
    search: SearchBox | None = None
    file: str = ""

    def read(self, request: Request, paging: PageAsked) -> Asked[Filters]:
        """Return what the address requests. An unknown tab or sort column is replaced by the default."""
        query = request.query_params
        form = parse_form(self.filters, query)
        _check_spans(form)
        sort = query.get("sort", self.sort)
        known = {column.sort for column in self.columns if column.sort}
        return Asked(
            form=form,
            filters=self.filters() if form.errors else form.value,
            tab=self._tab(query.get(self.tabs.name)) if self.tabs else "",
            sort=sort if sort.removeprefix("-") in known else self.sort,
            paging=paging,
        )

    def shown(
        self,
        asked: Asked[Filters],
        items: Sequence[Item],
        total: int,
        *,
        counts: Mapping[str, int] | None = None,
        options: Mapping[str, Options] | None = None,
        hidden: Sequence[str] = (),
        select: Callable[[Item], str] = lambda _: "",
    ) -> ShownList:
        """Return the list for its template.

        ``counts`` are the numbers of rows of each tab. ``options`` are the choices of a filter. ``hidden`` are filters
        that the tab has fixed. ``select`` returns the value of a row for a bulk action.
        """
        narrowing = asked.filters.model_dump(exclude_defaults=True)
        on_page = [column for column in self.columns if column.on_page]
        query = asked.paging.query
        return ShownList(
            path=self.path,
            rows=[
                ShownRow(self.href(item), [pieces_of(one.cell(item)) for one in on_page], select(item))
                for item in items
            ],
            columns=on_page,
            page=asked.paging.of(total),
            tabs=self._drawn_tabs(asked, counts or {}),
            tab=(self.tabs.name, asked.tab) if self.tabs else ("", ""),
            sort=asked.sort,
            form=asked.form,
            fields=[
                _drawn(name, self.filters, options or {})
                for name in self.filters.model_fields
                if name not in (TEXT, *hidden)
            ],
            search=self.search,
            export=f"{self.path}/export.csv?{query}" if self.file else "",
            is_narrowed=bool(narrowing),
            is_filtered=bool(narrowing.keys() - {TEXT}),
        )

    def query(self, asked: Sequence[tuple[str, str]]) -> str:
        """Return the parameters of an address that this list knows, always with the tab."""
        tab = [self.tabs.name] if self.tabs else []
        names = [*tab, *self.filters.model_fields, "sort"]
        said = [(name, value) for name, value in asked if name in names and value]
        if self.tabs and not any(name == self.tabs.name for name, _ in said):
            said.append((self.tabs.name, self._tab(None)))
        said.sort(key=lambda one: (names.index(one[0]), one[1]))
        return urlencode(said)

    def csv(self, items: AsyncIterator[Item]) -> StreamingResponse:
        """Send all ``items`` as the list's file, row by row, in its columns."""
        columns = [column for column in self.columns if column.in_file]

        async def cells() -> AsyncIterator[Sequence[str | int]]:
            async for item in items:
                yield [column.written(item) for column in columns]

        return csv_response(self.file, [column.label for column in columns], cells())

    def _tab(self, wanted: str | None) -> str:
        assert self.tabs is not None
        first = next(iter(self.tabs.labels))
        if wanted is None:
            return first
        return wanted if wanted in self.tabs.labels else self.tabs.other or first

    def _drawn_tabs(self, asked: Asked[Filters], counts: Mapping[str, int]) -> list[dict[str, Any]]:
        if self.tabs is None:
            return []
        kept = asked.paging.query if self.tabs.keeps else ""
        return [
            {
                "label": label,
                "href": with_query(self.path, kept, page=None, **{self.tabs.name: key or None}),
                "count": counts.get(key, 0),
                "current": key == asked.tab,
            }
            for key, label in self.tabs.labels.items()
        ]


def _check_spans(form: Form[Any]) -> None:
    """Report a span whose end is before its beginning, at the end."""
    if form.errors:
        return
    for name in form.model.model_fields:
        last = "until" if name == "from" else f"{name.removesuffix('_from')}_to"
        if not (name == "from" or name.endswith("_from")) or last not in form.model.model_fields:
            continue
        first = getattr(form.value, name)
        until = getattr(form.value, last)
        if first is not None and until is not None and until < first:
            form.errors[last] = f"{form.label(last)}は{form.label(name)}以降にしてください"
            return


def _drawn(name: str, model: type[BaseModel], options: Mapping[str, Options]) -> FilterField:
    annotation = model.model_fields[name].annotation
    types = _types(annotation)
    if get_origin(annotation) is list:
        return FilterField(name, "ticks", options.get(name, ()))
    if name in options:
        return FilterField(name, "select", options[name])
    if date in types:
        return FilterField(name, "date")
    return FilterField(name, "number" if int in types else "text")


def _types(annotation: Any) -> set[Any]:
    """Return an annotation and all its parts: ``DayOfLists | None`` holds a date."""
    return {annotation}.union(*map(_types, get_args(annotation))) if get_args(annotation) else {annotation}
