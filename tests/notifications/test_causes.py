"""What notifications says of a mail follows from the event that the mail tells of, also long after."""

from datetime import timedelta

from harness.hearing import said
from harness.mail_sink import MailSink
from harness.post import SHOP, Post
from harness.postgres import MakeDatabase
from harness.together import hear_together
from harness.traces import causes, traced
from notifications.consumers import consumers
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from notifications.tables import metadata
from shared.clock import clock
from shared.events import OrderCancelled, OrderPlaced, Shipped

CODES = ("N-1", "N-2", "N-3")
MAILS = Mails(SHOP)


def an_order(code: str, email: str = "hanako@example.jp") -> OrderPlaced:
    """An order whose thanks go to ``email``."""
    order = example_order(order_code=code)
    return order.model_copy(update={"orderer": order.orderer.model_copy(update={"email": email})})


async def test_mails_sent_and_not_sent_follow_from_what_they_tell(
    make_db: MakeDatabase, sink: MailSink
) -> None:
    db = await make_db("notifications", metadata)
    post = Post(db, sink)
    orders = [an_order("N-1", "nowhere"), an_order("N-2"), an_order("N-3")]
    await hear_together(db, consumers, orders, {Mails: MAILS})
    while await post.sends():
        pass
    before = len(await said(db))
    heard = [traced(example_of(Shipped, order_code=code, send_mail=True)) for code in CODES]
    await hear_together(db, consumers, heard, {Mails: MAILS})
    assert causes((await said(db))[before:], heard) == [("MailSuppressed", "N-1")]
    while await post.sends():
        pass
    assert sorted(causes((await said(db))[before:], heard)) == [
        ("MailSent", "N-2"),
        ("MailSent", "N-3"),
        ("MailSuppressed", "N-1"),
    ]


async def test_a_mail_that_does_not_leave_follows_from_what_it_tells(
    make_db: MakeDatabase, sink: MailSink
) -> None:
    db = await make_db("notifications", metadata)
    post = Post(db, sink)
    orders = [traced(an_order(code)) for code in CODES]
    await hear_together(db, consumers, orders, {Mails: MAILS})
    before = len(await said(db))
    ends = [traced(example_of(OrderCancelled, order_code=code, reason="staff")) for code in CODES]
    await hear_together(db, consumers, ends, {Mails: MAILS})
    clock.move(timedelta(minutes=1))
    while await post.sends():
        pass
    told = (await said(db))[before:]
    assert causes(told, [*orders, *ends])
