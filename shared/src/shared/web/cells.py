"""Cells of a list: pieces that a page draws (``ui.cell``) and a file writes (``written``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from shared.shop.labels import Badge, Mark
from shared.web.filters import jst

CellKind = Literal["text", "code", "link", "at", "badge", "yen", "number", "hint"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a cell. ``value`` is a hint's pieces, a moment, an integer, or text."""

    kind: CellKind
    value: Any
    href: str = ""
    mark: Mark = "plain"
    is_code: bool = False


Cell = Piece | Sequence[Piece]


def text(value: str) -> Piece:
    """Return plain text."""
    return Piece("text", value)


def code(value: object) -> Piece:
    """Return a number or code, which people read letter by letter. Return nothing for None."""
    return Piece("code", "" if value is None else str(value))


def link(value: str, href: str, *, is_code: bool = False) -> Piece:
    """Return text with a link to ``href``."""
    return Piece("link", value, href=href, is_code=is_code)


def at(moment: datetime | None) -> Piece:
    """Return a moment in Japan time. Return nothing for None."""
    return Piece("at", moment)


def badge(label: Badge) -> Piece:
    """Return a label with its mark."""
    word, mark = label
    return Piece("badge", word, mark=mark)


def yen(amount: int | None) -> Piece:
    """Return an amount in yen. Return a dash for None."""
    return Piece("yen", amount)


def number(count: int) -> Piece:
    """Return a count."""
    return Piece("number", count)


def hint(*pieces: Piece) -> Piece:
    """Return small additional text. Only the page shows it, the file does not."""
    return Piece("hint", pieces)


def pieces_of(cell: Cell) -> Sequence[Piece]:
    """Return the pieces of a cell."""
    return (cell,) if isinstance(cell, Piece) else cell


def written(cell: Cell) -> str | int:
    """Return a cell for a file.

    Amounts and counts are numbers, further words are in brackets, and hints are left out.
    """
    said = [_said(piece) for piece in pieces_of(cell) if piece.kind != "hint"]
    if len(said) == 1:
        return said[0]
    return "".join(str(one) if place == 0 else f"（{one}）" for place, one in enumerate(said))


def _said(piece: Piece) -> str | int:
    if piece.value is None:
        return 0 if piece.kind == "yen" else ""
    if piece.kind == "at":
        return jst(piece.value)
    return int(piece.value) if piece.kind in ("yen", "number") else str(piece.value)
