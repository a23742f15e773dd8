"""One page of a long list: bounds, totals and links that keep the filters of the current address."""

from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import Depends, Request

SIZES = (20, 50, 100, 200)
PAGE_NUMBER_MAX = 10_000


@dataclass(frozen=True)
class PageAsked:
    """The requested page. A number outside the range is replaced by the nearest valid one and is no error."""

    number: int = 1
    size: int = 50
    path: str = ""
    query: str = ""

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def of(self, total: int) -> "Page":
        """Return what the pager shows for a list of `total` rows."""
        return Page(number=self.number, size=self.size, total=total, path=self.path, query=self.query)


@dataclass(frozen=True)
class Page:
    """A page of a list with `total` rows; `ui.pager(page)` draws it."""

    number: int
    size: int
    total: int
    path: str = ""
    query: str = field(default="", repr=False)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first_row(self) -> int:
        return min((self.number - 1) * self.size + 1, self.total)

    @property
    def last_row(self) -> int:
        return min(self.number * self.size, self.total)

    @property
    def numbers(self) -> list[int | None]:
        """Return the page numbers to show, with None for a gap: 1 … 4 5 6 … 20."""
        near = {1, self.last, *range(self.number - 1, self.number + 2)}
        shown = sorted(number for number in near if 1 <= number <= self.last)
        out: list[int | None] = []
        for number in shown:
            if out and out[-1] is not None and number - out[-1] > 1:
                out.append(None)
            out.append(number)
        return out

    def link(self, number: int) -> str:
        """Return the address of another page of the same list."""
        return with_query(self.path, self.query, page=str(number))


def with_query(path: str, query: str, **changes: str | None) -> str:
    """Return `path?query` with some parameters replaced. None removes one. The others keep their order."""
    kept = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key not in changes]
    kept += [(key, value) for key, value in changes.items() if value is not None]
    return f"{path}?{urlencode(kept)}" if kept else path


def _bounded(text: str | None, default: int, low: int, high: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return default
    return min(max(int(text), low), high)


async def page_asked(request: Request) -> PageAsked:
    """Read `?page=` and `?size=` (20, 50, 100 or 200; default 50), as a FastAPI dependency."""
    size = _bounded(request.query_params.get("size"), 50, 1, 200)
    return PageAsked(
        number=_bounded(request.query_params.get("page"), 1, 1, PAGE_NUMBER_MAX),
        size=size if size in SIZES else 50,
        path=request.url.path,
        query=request.url.query,
    )


Paging = Annotated[PageAsked, Depends(page_asked)]
