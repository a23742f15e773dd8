"""No address is flooded through us, and no flood of orders keeps a member from getting in."""

from datetime import timedelta

import httpx
import pytest

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import SHOP, Post, browser, pages_of, session
from notifications.mailing.one_time_links import OneTimeLinks
from notifications.mailing.pacing import Pace
from notifications.previews.examples import example_of, example_order
from shared.clock import now
from shared.database.transactions import Database
from shared.events import (
    EmailVerificationRequested,
    Event,
    MailSuppressed,
    PasswordChanged,
    PasswordResetRequested,
    PaymentNumberIssued,
)
from shared.ids import new_id


@pytest.fixture
async def post(db: Database, sink: MailSink, keys: Keys) -> Post:
    """Notifications that sends three mails about orders and two about accounts an hour."""
    links = OneTimeLinks(keys.issuers["notifications"], SHOP.url)
    return Post(db, sink, pace=Pace(order=3, account=2), links=links)


async def orders(post: Post, number: int, email: str = "hanako@example.jp") -> None:
    """As many orders to one address."""
    placed = example_order()
    orderer = placed.orderer.model_copy(update={"email": email})
    for _ in range(number):
        changes = {"order_code": f"N-{new_id().hex[-10:]}", "event_id": new_id(), "orderer": orderer}
        await post.hears(placed.model_copy(update=changes))


async def test_mails_beyond_the_limit_of_an_address_wait_and_go_later(post: Post, keys: Keys) -> None:
    await orders(post, 4)
    await orders(post, 1, "taro@example.jp")
    await orders(post, 1, "HANAKO+tag@example.jp")
    await post.sends()
    assert sorted(copy.recipient for copy in post.journal) == ["hanako@example.jp"] * 3 + ["taro@example.jp"]

    async with browser(pages_of(post, keys), noren_session=session(keys)) as staff:
        page: httpx.Response = await staff.get("/desk/mails", params={"state": "waiting"})
    assert page.text.count("同じ宛先へのメールが続いているため、時間をおいて送信します") == 2
    assert await post.sends_after(timedelta(minutes=58)) == 0
    assert await post.sends_after(timedelta(minutes=3)) == 2
    assert len(post.journal) == 6
    assert {(row.state, row.reason) for row in await post.rows()} == {("sent", None)}


async def test_a_flood_ends_after_a_day_and_what_never_went_is_said(post: Post) -> None:
    await orders(post, 100)
    for _ in range(50):
        await post.sends_after(timedelta(minutes=31))

    assert 3 * 20 <= len(post.journal) <= 3 * 26
    rows = await post.rows()
    assert {row.reason for row in rows if row.state != "sent"} == {"too_many_to_recipient"}
    said = [event for event in await post.said() if isinstance(event, MailSuppressed)]
    assert len(said) == len(rows) - len(post.journal) > 0


async def test_orders_do_not_hold_up_the_way_back_into_an_account(post: Post) -> None:
    await orders(post, 10)
    for _ in range(3):
        asked = example_of(PasswordResetRequested, expires_at=now() + timedelta(minutes=45))
        await post.hears(asked.model_copy(update={"event_id": new_id()}))
    await post.sends()

    kinds = [("パスワード" in copy.message["Subject"]) for copy in post.journal]
    assert (kinds.count(True), kinds.count(False)) == (2, 3)


async def test_tests_by_staff_delay_no_mail_of_an_order(post: Post, keys: Keys) -> None:
    path = "/desk/mails/preview/shipped.customer/test"
    async with browser(pages_of(post, keys), noren_session=session(keys)) as staff:
        for _ in range(5):
            await staff.post(path, data={"to": "hanako@example.jp", "request_id": str(new_id())})
    await post.sends()
    assert len(post.journal) == 2

    await orders(post, 1)
    await post.sends()
    assert len(post.journal) == 3


async def test_a_waiting_number_gives_way_to_the_next_one(post: Post) -> None:
    placed = example_order()
    await post.hears(placed)
    await orders(post, 3, email=placed.orderer.email)
    await post.sends()
    for number in ("11111111111", "22222222222", "33333333333"):
        issued = example_of(PaymentNumberIssued, order_code=placed.order_code, number=number)
        await post.hears(issued.model_copy(update={"event_id": new_id()}))
    for _ in range(4):
        await post.sends_after(timedelta(minutes=31))

    told = [copy.text for copy in post.journal if "お支払い番号" in str(copy.message["Subject"])]
    assert len(told) == 1
    assert "33333333333" in told[0]
    reasons = [row.reason for row in await post.rows() if row.state == "suppressed"]
    assert reasons == ["replaced", "replaced"]


async def many(post: Post, event: Event, number: int) -> None:
    """As many events like this one."""
    for _ in range(number):
        await post.hears(event.model_copy(update={"event_id": new_id()}))


async def test_sign_ups_of_strangers_delay_no_way_back_into_an_account(post: Post) -> None:
    await many(post, example_of(EmailVerificationRequested, expires_at=now() + timedelta(hours=24)), 10)
    await many(post, example_of(PasswordResetRequested, expires_at=now() + timedelta(minutes=45)), 1)
    await post.sends()

    subjects = [str(copy.message["Subject"]) for copy in post.journal]
    assert sum("パスワード" in subject for subject in subjects) == 1
    assert sum("本人確認" in subject for subject in subjects) == 2


async def test_a_warning_is_never_held(post: Post) -> None:
    await many(post, example_of(PasswordChanged), 5)
    await post.sends()

    assert len(post.journal) == 5


async def test_a_mail_is_not_held_until_its_link_is_dead(post: Post) -> None:
    await many(post, example_of(PasswordResetRequested, expires_at=now() + timedelta(minutes=45)), 4)
    await post.sends()
    assert len(post.journal) == 2
    await post.sends_after(timedelta(minutes=14))
    assert len(post.journal) == 2

    await post.sends_after(timedelta(minutes=2))
    assert len(post.journal) == 4
    assert {row.state for row in await post.rows()} == {"sent"}
