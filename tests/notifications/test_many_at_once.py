"""Many events in one transaction leave what they leave one by one, in statements that their number does not change."""

from typing import Any

import pytest

from harness.hearing import said
from harness.mail_sink import MailSink
from harness.post import SHOP, Post
from harness.postgres import MakeDatabase
from harness.together import hear_together, statements_of
from notifications.consumers import consumers
from notifications.mails.rendering import Mails
from notifications.previews.examples import example_of, example_order
from notifications.tables import metadata
from shared.database.transactions import Database
from shared.errors import TryAgain
from shared.events import Event, MemberRegistered, OrderCancelled, PaymentCaptured, Shipped
from shared.ids import new_id

MAILS = Mails(SHOP)
LEFT_BEHIND = {
    "contacts": "order_code, member_id, email, name, placed, placed_at",
    "mails": "event_id, mail, recipient, subject, text, order_code, member_id, state, reason, attempts,"
    " due_at IS NULL AS settled, lease, leased_until",
    "mail_attempts": "number, outcome, code, answer",
}


def orders(number: int = 4) -> list[Event]:
    """Orders, one of them without an address that mail can go to."""
    placed = [
        example_order(order_code=f"N-{count}").model_copy(update={"event_id": new_id()})
        for count in range(number)
    ]
    nowhere = placed[-1].orderer.model_copy(update={"email": "nowhere"})
    return [*placed[:-1], placed[-1].model_copy(update={"orderer": nowhere})]


def events_of_orders(number: int = 4) -> list[Event]:
    """What is told of them later, and a member of the shop."""
    codes = [f"N-{count}" for count in range(number)]
    told = [
        example_of(kind, order_code=code, **more)
        for kind, more in (
            (PaymentCaptured, {"send_mail": True}),
            (Shipped, {"send_mail": True}),
            (OrderCancelled, {"reason": "staff"}),
        )
        for code in codes
    ]
    return [
        event.model_copy(update={"event_id": new_id()}) for event in [*told, example_of(MemberRegistered)]
    ]


async def left_behind(db: Database) -> dict[str, list[Any]]:
    """What is in the tables and was said, without the ids that are drawn anew each time."""
    found: dict[str, list[Any]] = {}
    async with db.transaction() as tx:
        for table, columns in LEFT_BEHIND.items():
            found[table] = sorted(map(tuple, await tx.rows(f"SELECT {columns} FROM {table}")), key=repr)
    found["said"] = sorted(
        (type(event).__name__, str(event.caused_by), repr(event.model_dump(exclude={"mail_id"})))
        for event in (
            one.model_copy(update={"event_id": None, "occurred_at": None}) for one in await said(db)
        )
    )
    return found


async def test_many_events_and_mails_at_once_leave_what_single_ones_do(
    make_db: MakeDatabase, sink: MailSink
) -> None:
    told = [orders(), events_of_orders()]
    left = []
    for at_once in (None, 1):
        db = await make_db("notifications", metadata)
        post = Post(db, sink)
        for events in told:
            await hear_together(db, consumers, events, {Mails: MAILS}, at_once=at_once)
        while await post.sends(at_once or 100):
            pass
        left.append(await left_behind(db))

    assert left[0] == left[1]
    assert {row[7] for row in left[0]["mails"]} == {"sent", "suppressed"}
    assert len(left[0]["mail_attempts"]) == len(sink.journal) / 2


async def test_one_early_event_holds_up_no_other(make_db: MakeDatabase) -> None:
    db = await make_db("notifications", metadata)
    await hear_together(db, consumers, orders(), {Mails: MAILS})
    late = example_of(Shipped, order_code="N-1", send_mail=True)

    with pytest.raises(TryAgain):
        unknown = example_of(Shipped, order_code="N-UNKNOWN", send_mail=True)
        await hear_together(db, consumers, [late, unknown], {Mails: MAILS})
    await hear_together(db, consumers, [late], {Mails: MAILS})

    assert [row[0] for row in (await left_behind(db))["mails"]].count(late.event_id) == 1


async def test_the_number_of_statements_does_not_grow_with_the_batch(
    make_db: MakeDatabase, sink: MailSink
) -> None:
    counted: dict[int, int] = {}
    for number in (2, 50):
        db = await make_db("notifications", metadata)
        post = Post(db, sink)
        with statements_of(db) as seen:
            await hear_together(db, consumers, orders(number), {Mails: MAILS})
            await hear_together(db, consumers, events_of_orders(number), {Mails: MAILS})
            assert await post.sends(1000) > number
        counted[number] = len(seen)

    assert counted[50] == counted[2]
