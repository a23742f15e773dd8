"""Search by words (:mod:`shared.text.search_words`): the table of the words, and the condition that finds a row.

An index finds words by their beginning. The words have their own append-only table. Writing an index of words is
expensive, and the rows that the words describe change often.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Identity,
    Index,
    MetaData,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    intersect,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from shared.database.bulk import insert_all
from shared.database.transactions import Tx
from shared.text.search_words import common_spelling, sought

SOUGHT_MAX = 5  # words of a search; further words are ignored


def words_table(metadata: MetaData) -> Table:
    """Declare the table of the words by which orders are found."""
    table = Table(
        "order_words",
        metadata,
        Column("order_code", Text, primary_key=True),
        Column("entry_id", BigInteger, Identity(), primary_key=True),
        Column("words", TSVECTOR, nullable=False, comment="Folded: shared/database/search_words.py"),
        info={"append_only": True},
    )
    Index("order_words_words", table.c.words, postgresql_using="gin")
    return table


async def add_words(tx: Tx, table: Table, words: Mapping[str, Iterable[str]]) -> None:
    """Store more search ``words`` of orders, given by order code."""
    rows = [{"order_code": code, "words": as_vector(some)} for code, some in words.items() if some]
    await insert_all(tx, table, rows)


def as_vector(words: Iterable[str]) -> str:
    """Return ``words`` as PostgreSQL's tsvector. Folded words have only letters and digits, so they need no quotes."""
    return " ".join(sorted(words))


def found_by(code: ColumnElement[str], table: Table, text: str) -> ColumnElement[bool]:
    """Return the condition that the order of this ``code`` has a word of which ``text`` is a part.

    If ``text`` has several words, orders that have all of them are found, too: 「佐藤 手ぬぐい」.
    """
    word = sought(text)
    if not word:
        return ~true()
    parts = list(filter(None, map(sought, text.split())))[:SOUGHT_MAX]
    whole = _with_word(table, word)
    if len(parts) < 2:
        return code.in_(whole)
    # One word may have been added later than another, in another row.
    return code.in_(whole.union(intersect(*(_with_word(table, part) for part in parts))))


def _with_word(table: Table, word: str) -> Select[tuple[str]]:
    """Return the query for the codes of orders that have a word which begins with ``word``."""
    # Search for the typed word and for its common spelling. Only names stored since this release have both.
    spellings = " | ".join(f"'{one}':*" for one in dict.fromkeys((word, common_spelling(word))))
    beginning = cast(bindparam("beginning", spellings, unique=True), TSQUERY)
    return select(table.c.order_code).where(table.c.words.op("@@")(beginning))
