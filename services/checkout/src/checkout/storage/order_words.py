"""The words that orders are found by: rows that only grow, beside the orders, which change often.

An index over words costs much more to write than one over states; kept in a table of its own it is written
once for each order, and again only where a number or a remark joins.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.expression import cast

from checkout.domain.order_words import sought
from checkout.storage.order_tables import order_words, orders
from shared.bulk import insert_all
from shared.database import Tx


async def add_words(tx: Tx, words: Mapping[str, Iterable[str]]) -> None:
    """Let orders be found by more ``words``, given by order code."""
    # Folded words hold letters and digits only, so the text needs no quotes.
    rows: list[dict[str, Any]] = [
        {"order_code": code, "words": " ".join(sorted(of_order))}
        for code, of_order in words.items()
        if of_order
    ]
    await insert_all(tx, order_words, rows)


def found_by(text: str) -> ColumnElement[bool]:
    """Return the condition that an order has a word of which ``text`` is a part."""
    word = sought(text)
    if not word:
        return ~true()
    beginning = cast(bindparam("beginning", f"'{word}':*", unique=True), TSQUERY)
    found = select(order_words.c.order_code).where(order_words.c.words.op("@@")(beginning))
    return orders.c.code.in_(found)
