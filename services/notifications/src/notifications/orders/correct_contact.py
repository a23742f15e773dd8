"""Replaces a wrong address of an order for its later mails."""

from notifications.orders.tables import order_words
from shared.database.transactions import Tx
from shared.database.words import add_words
from shared.text.words import words_of_texts


async def correct_contact(tx: Tx, code: str, email: str) -> None:
    """Store ``email`` as the address of order ``code``. Searches for its mails use it too."""
    await tx.execute(
        "UPDATE contacts SET email = :email,"
        " placed = jsonb_set(placed, '{orderer,email}', to_jsonb(CAST(:email AS text))) WHERE order_code = :code",
        email=email,
        code=code,
    )
    await add_words(tx, order_words, {code: words_of_texts(email)})
