"""Stores the buyer and content of an order for later mails. Later events carry only its code."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from notifications.mails.one_line import in_one_line
from notifications.orders.tables import contacts, order_words
from shared.database.bulk import insert_all
from shared.database.search_words import add_words
from shared.database.transactions import Tx
from shared.events import OrderPlaced
from shared.text.search_words import words_of_code, words_of_names, words_of_texts


async def remember_orders(tx: Tx, placed: Sequence[OrderPlaced]) -> None:
    """Store each order once, without characters that could start a line or a header of a mail."""
    orders = [in_one_line(order) for order in placed]
    rows = [
        {
            "order_code": order.order_code,
            "member_id": _member(order),
            "email": order.orderer.email,
            "name": order.orderer.name,
            "placed": orjson.Fragment(order.model_dump_json()),
            "placed_at": order.placed_at,
        }
        for order in orders
    ]
    await insert_all(tx, contacts, rows, skip_known=True)
    words = {
        one.order_code: words_of_contact(
            one.order_code, one.orderer.name, one.orderer.email, one.order_number
        )
        for one in orders
    }
    await add_words(tx, order_words, words)


def words_of_contact(order_code: str, name: str, email: str, order_number: int | None = None) -> set[str]:
    """Return the search words for the mails about an order. ``order_number`` is its 受付番号."""
    number = {str(order_number)} if order_number is not None else set()
    return words_of_code(order_code) | words_of_names(name) | words_of_texts(email) | number


def _member(order: OrderPlaced) -> UUID | None:
    return order.registration.member_id if order.registration else order.member_id
