"""Staff corrected the address of an order at the desk of mails. The order shows it, and searches find it."""

from checkout.orders.book import OrderBook
from checkout.orders.heard.follow import known_order
from checkout.orders.timeline import TimelineEntry
from shared.database.transactions import Tx
from shared.events import MailAddressCorrected
from shared.text.search_words import words_of_texts


async def correct_mail_address(tx: Tx, book: OrderBook, event: MailAddressCorrected) -> None:
    """Store the address as the orderer's, and a new key for the pages of the order and of its payment.

    The links that were sent to the former address then open no page. Raises TryAgain for an unknown order.
    """
    code = known_order(book, event).code
    await tx.execute(
        "UPDATE orders SET orderer_email = :email, page_key = coalesce(CAST(:key AS text), page_key),"
        " page_url = coalesce(replace(page_url, 'key=' || page_key, 'key=' || CAST(:key AS text)), page_url)"
        " WHERE code = :code",
        email=event.email,
        key=event.page_key,
        code=code,
    )
    await tx.execute(
        "UPDATE order_payments SET number_page_url = regexp_replace(number_page_url, '([?&]key=)[^&]*', '\\1' || :key)"
        " WHERE order_code = :code AND CAST(:key AS text) IS NOT NULL",
        key=event.page_key,
        code=code,
    )
    book.find_by(code, words_of_texts(event.email))
    book.note(
        TimelineEntry(
            order_code=code,
            at=event.occurred_at,
            topic="order",
            kind="note",
            title="メールアドレスを訂正しました",
            text=event.email,
            by=event.by,
            event_id=event.event_id,
        )
    )
