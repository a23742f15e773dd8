"""Replaces a wrong address of an order, and the link to its page, for its later mails."""

import secrets

from notifications.orders.rows import orders_of
from notifications.orders.tables import order_words
from shared.database.search_words import add_words
from shared.database.transactions import Tx
from shared.shop.page_keys import key_of, with_key
from shared.text.search_words import words_of_texts


async def correct_contact(tx: Tx, code: str, email: str) -> str | None:
    """Store ``email`` as the address of order ``code``. Searches for its mails use it too.

    The former address received the link to the page of the order, so later mails carry another key. Returns it, as long
    as the former one, or None for an order whose page has no key.
    """
    placed = (await orders_of(tx, [code]))[code]
    old = key_of(placed.page_url)
    key = secrets.token_urlsafe(len(old))[: len(old)] if old else None
    page_url = with_key(placed.page_url, key) if key else placed.page_url
    await tx.execute(
        "UPDATE contacts SET email = :email, placed = placed || jsonb_build_object('page_url', CAST(:page_url AS text))"
        " || jsonb_build_object('orderer', placed->'orderer' || jsonb_build_object('email', CAST(:email AS text)))"
        " WHERE order_code = :code",
        email=email,
        page_url=page_url,
        code=code,
    )
    await add_words(tx, order_words, {code: words_of_texts(email)})
    return key
