"""A queued mail reaches the mail server: once, or more than once with one Message-ID, and never not at all."""

from datetime import timedelta

import pytest

from harness.mail_sink import MailSink
from harness.post import Post
from notifications.mail_log.rows import count_left_lying
from notifications.mailing.delivery import TRY_FOR_MAX
from notifications.previews.examples import example_order
from shared.clock import clock
from shared.database.transactions import Database
from shared.events import MailSent, MailSuppressed


@pytest.mark.feature("NTF-15", "KON-10")
async def test_an_order_heard_three_times_gets_one_thanks_mail(post: Post) -> None:
    await post.hears(example_order(), times=3)
    await post.sends()
    await post.sends_after(timedelta(hours=1))

    [copy] = post.journal
    assert copy.recipient == "hanako@example.jp"
    assert "ご注文ありがとうございます（注文番号 N-20261122-0001）" in copy.message["Subject"]
    [sent] = await post.said()
    assert isinstance(sent, MailSent)
    assert (sent.mail, sent.order_code) == ("order_placed.customer", "N-20261122-0001")


@pytest.mark.parametrize("address", ["taro..test.@docomo.ne.jp", ".abc@ezweb.ne.jp", "-abc@docomo.ne.jp"])
async def test_a_carriers_old_address_is_written_to_exactly_so(post: Post, address: str) -> None:
    order = example_order()
    await post.hears(
        order.model_copy(update={"orderer": order.orderer.model_copy(update={"email": address})})
    )
    await post.sends()

    [copy] = post.journal
    assert (copy.recipient, copy.message["To"]) == (address, address)


async def test_what_nobody_delivers_is_not_tried(post: Post) -> None:
    order = example_order()
    orderer = order.orderer.model_copy(update={"email": "太郎@example.jp"})
    await post.hears(order.model_copy(update={"orderer": orderer}))
    await post.sends()

    assert post.journal == []
    [suppressed] = await post.said()
    assert isinstance(suppressed, MailSuppressed)


@pytest.mark.feature("NTF-14", clause="queued mails go out after recovery")
async def test_mails_of_an_outage_go_out_five_minutes_after_at_most(post: Post, sink: MailSink) -> None:
    await sink.stop()
    for number in range(3):
        await post.hears(example_order(order_code=f"N-{number}"))
    for _ in range(12):
        await post.sends_after(timedelta(minutes=4))
    assert {row.state for row in await post.rows()} == {"queued"}
    assert post.journal == []

    await sink.start()
    await post.sends_after(timedelta(minutes=5))

    assert len(post.journal) == 3
    assert {row.state for row in await post.rows()} == {"sent"}


async def left_lying(db: Database) -> dict[str, int]:
    """What notifications tells the page of operations."""
    async with db.transaction() as tx:
        return await count_left_lying(tx)


NOTHING = {"mail_accepted": 0, "undelivered": 0, "mails_stuck": 0, "mails_shop_refused": 0}


async def test_mails_that_the_server_refuses_are_counted_at_once(post: Post, sink: MailSink) -> None:
    await post.hears(example_order())
    assert await left_lying(post.db) == NOTHING

    sink.at_sender = "535 5.7.8 authentication failed"
    await post.sends()
    assert await left_lying(post.db) == NOTHING | {"mails_stuck": 1, "mails_shop_refused": 1}

    sink.at_sender = ""
    await post.sends_after(timedelta(minutes=1))
    assert await left_lying(post.db) == NOTHING | {"mail_accepted": 1}


async def test_mails_that_wait_ten_minutes_for_a_server_are_counted(post: Post, sink: MailSink) -> None:
    sink.at_recipient = "450 try later"
    await post.hears(example_order())
    await post.sends()
    assert await left_lying(post.db) == NOTHING

    for _ in range(3):
        await post.sends_after(timedelta(minutes=4))
    assert await left_lying(post.db) == NOTHING | {"mails_stuck": 1}


async def test_mails_that_nobody_takes_are_counted_after_ten_minutes(post: Post) -> None:
    await post.hears(example_order())
    clock.move(timedelta(minutes=11))
    assert await left_lying(post.db) == NOTHING | {"mails_stuck": 1}


@pytest.mark.parametrize("answer", ["421 too busy", "451 try later"])
async def test_a_temporary_refusal_is_tried_again_after_growing_pauses(
    post: Post, sink: MailSink, answer: str
) -> None:
    sink.at_data = answer
    await post.hears(example_order())
    await post.sends()
    assert await post.sends() == 0
    assert await post.sends_after(timedelta(seconds=11)) == 1
    assert await post.sends_after(timedelta(seconds=11)) == 0

    sink.at_data = ""
    assert await post.sends_after(timedelta(seconds=11)) == 1
    assert len(post.journal) == 1


async def test_a_mail_that_nobody_takes_for_a_day_is_listed_for_staff(post: Post, sink: MailSink) -> None:
    sink.at_recipient = "450 greylisted"
    await post.hears(example_order())
    await post.sends()
    await post.sends_after(TRY_FOR_MAX)

    [row] = await post.rows()
    assert (row.state, row.due_at) == ("gave_up", None)
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert event.reason == "not_accepted_in_time"


@pytest.mark.parametrize("where", ["at_recipient", "at_data"])
async def test_a_refused_mail_is_not_tried_again(post: Post, sink: MailSink, where: str) -> None:
    setattr(sink, where, "550 no such user")
    await post.hears(example_order())
    await post.sends()

    assert await post.sends_after(timedelta(days=1)) == 0
    [row] = await post.rows()
    assert row.state == "refused"
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert event.reason == "refused_by_server"


@pytest.mark.parametrize("how", ["silence", "cut"])
async def test_a_lost_answer_brings_a_second_copy_with_the_same_id(
    db: Database, sink: MailSink, how: str
) -> None:
    post = Post(db, sink, smtp_timeout_seconds=0.3)
    sink.silent_after_data_seconds, sink.cut_after_data = (1, False) if how == "silence" else (0, True)
    await post.hears(example_order())
    await post.sends()
    [row] = await post.rows()
    assert row.state == "queued"

    sink.silent_after_data_seconds, sink.cut_after_data = 0, False
    await post.sends_after(timedelta(minutes=1))

    first, second = post.journal
    assert first.message["Message-ID"] == second.message["Message-ID"] == row.message_id
    [row] = await post.rows()
    assert row.state == "sent"


async def test_a_mail_of_a_worker_that_died_afterwards_is_sent_again(post: Post, db: Database) -> None:
    await post.hears(example_order())
    await post.sends()
    async with db.transaction() as tx:
        # As the crash point K13 leaves it: accepted outside, `sending` here, the lease run out.
        await tx.execute("UPDATE mails SET state = 'sending', due_at = created_at, ended_at = NULL")
        await tx.execute("UPDATE mails SET lease = mail_id, leased_until = now() - interval '1 second'")
    await post.sends()

    assert len({copy.message["Message-ID"] for copy in post.journal}) == 1
    assert len(post.journal) == 2
    [row] = await post.rows()
    assert row.state == "sent"


async def test_a_server_that_is_away_keeps_no_event_from_being_heard(post: Post, sink: MailSink) -> None:
    await sink.stop()

    await post.hears(example_order())

    [row] = await post.rows()
    assert row.state == "queued"
