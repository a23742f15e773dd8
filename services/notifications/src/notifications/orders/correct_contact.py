"""The address of an order was wrong: its later mails go to another one."""

from notifications.orders.tables import order_words
from shared.database.search_words import add_words
from shared.database.transactions import Tx
from shared.text.search_words import words_of_texts


async def correct_contact(tx: Tx, code: str, email: str) -> None:
    """Keep ``email`` as the address of order ``code``, by which its mails are found, too."""
    await tx.execute(
        "UPDATE contacts SET email = :email,"
        " placed = jsonb_set(placed, '{orderer,email}', to_jsonb(CAST(:email AS text))) WHERE order_code = :code",
        email=email,
        code=code,
    )
    await add_words(tx, order_words, {code: words_of_texts(email)})
