"""A use case sends a mail through the same door: kept, sent, paced, logged and sent again like those of events."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import Post, browser, session
from notifications.mailing.pacing import Pace
from notifications.mailing.write_mail import Purpose, write_mail
from notifications.mails.rendering import Rendered
from shared.database.transactions import Database
from shared.events import MailSent, MailsResent, MailSuppressed, TestMailRequested
from shared.ids import new_id

ANSWER = Rendered("お問い合わせへのご返答", "お待たせいたしました。\n", "サポートからの返答")
PATH = "/desk/mails/preview/shipped.customer"


@pytest.fixture
async def post(db: Database, sink: MailSink) -> Post:
    """Notifications that sends two mails an hour to one address."""
    return Post(db, sink, pace=Pace(order=2, account=2))


@pytest.fixture
async def staff(app: FastAPI, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A member of staff who is no owner."""
    async with browser(app, noren_session=session(keys, staff="staff", name="受付 花")) as client:
        yield client


async def write(post: Post, reference: str, *addresses: str) -> list[UUID]:
    """Send an answer of support."""
    purpose = Purpose(name="support_answer.customer", reference=reference, requested_by="受付 花")
    async with post.db.transaction() as tx:
        written = await write_mail(tx, post.mails, ANSWER, purpose, addresses)
    return [one.mail_id for one in written]


async def test_it_goes_out_and_is_said_and_once_for_each_address(post: Post) -> None:
    first = await write(post, "ticket-1", "aya@example.jp", "ken@example.jp", "aya@example.jp")
    assert await write(post, "ticket-1", "aya@example.jp", "ken@example.jp") == first
    await post.sends()

    assert sorted(copy.recipient for copy in post.journal) == ["aya@example.jp", "ken@example.jp"]
    assert {copy.text for copy in post.journal} == {"お待たせいたしました。\n"}
    said = await post.said()
    assert {type(event) for event in said} == {MailSent}
    assert {(event.caused_by, getattr(event, "mail", "")) for event in said} == {
        (None, "support_answer.customer")
    }


async def test_an_address_that_no_server_takes_gets_none_as_is_said(post: Post) -> None:
    await write(post, "ticket-2", "nobody")
    await post.sends()

    assert post.journal == []
    [event] = await post.said()
    assert isinstance(event, MailSuppressed)
    assert (event.reason, event.title) == ("no_address", "サポートからの返答")


async def test_it_is_paced_with_the_other_mails_to_the_address(post: Post) -> None:
    for number in range(4):
        await write(post, f"ticket-{number}", "aya@example.jp")
    await post.sends()

    assert len(post.journal) == 2


@pytest.mark.parametrize(
    "purpose", [Purpose(name="x.customer"), Purpose(name="x", audience="y", reference="1")]
)
async def test_one_without_reference_or_audience_is_a_mistake(post: Post, purpose: Purpose) -> None:
    with pytest.raises(ValueError, match="reference and a known audience"):
        async with post.db.transaction() as tx:
            await write_mail(tx, post.mails, ANSWER, purpose, ["aya@example.jp"])


async def test_staff_send_a_test_of_a_mail_from_its_preview(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    page = (await staff.get(PATH)).text
    [request_id] = re.findall(r'name="request_id" value="([^"]+)"', page)
    typed = {"to": "ｄｅｓｋ@noren.example", "request_id": request_id}
    sent = await staff.post(f"{PATH}/test?language=ja", data=typed)
    assert (sent.status_code, await staff.post(f"{PATH}/test", data=typed) is not None) == (303, True)
    await post.sends()

    [copy] = post.journal
    assert copy.recipient == "desk@noren.example"
    assert copy.message["Subject"].startswith("【テスト】【のれん商店】商品を発送いたしました")
    assert "配送会社：ヤマト運輸" in copy.text
    detail = (await staff.get(sent.headers["location"].partition("?")[0])).text
    assert "テスト送信：発送通知メール" in detail
    assert "受付 花" in detail
    assert "テスト送信：発送通知メール" in (await staff.get("/desk/mails?mail=test.shop")).text
    [asked] = [event for event in await post.said() if isinstance(event, TestMailRequested)]
    assert (asked.by, asked.subject) == ("受付 花", "発送通知メール → desk@noren.example"), (
        "two clicks, one deed"
    )


async def test_a_test_that_was_refused_is_sent_again_like_any_mail(
    staff: httpx.AsyncClient, post: Post, sink: MailSink
) -> None:
    sink.at_recipient = "550 no such user"
    await staff.post(f"{PATH}/test", data={"to": "desk@noren.example", "request_id": str(new_id())})
    await post.sends()
    [row] = await post.rows()
    assert row.state == "refused"

    sink.at_recipient = ""
    assert (await staff.post(f"/desk/mails/{row.mail_id}/resend")).status_code == 303
    await post.sends()
    assert len(post.journal) == 1
    deeds = [event.subject for event in await post.said() if isinstance(event, MailsResent)]
    assert deeds == ["1通：desk@noren.example"]


@pytest.mark.parametrize("to", ["", "nobody", "a@b\r\nRCPT TO:<spy@example.com>", "花子@example.jp"])
async def test_a_test_needs_an_address_that_can_be_written_to(
    staff: httpx.AsyncClient, post: Post, to: str
) -> None:
    answer = await staff.post(f"{PATH}/test", data={"to": to, "request_id": str(new_id())})

    assert answer.status_code == 422
    assert "入力内容に誤りがあります" in answer.text
    assert await post.rows() == []


async def test_only_staff_send_tests(app: FastAPI, keys: Keys, post: Post) -> None:
    async with browser(app, noren_session=session(keys, staff=None)) as shopper:
        answer = await shopper.post(f"{PATH}/test", data={"to": "a@example.jp", "request_id": str(new_id())})

    assert answer.status_code == 403
    assert await post.rows() == []
