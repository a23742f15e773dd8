"""Links that open an account: made when the mail leaves, in the message alone, and never after their time."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI

from harness.keys import Keys
from harness.mail_sink import MailSink
from harness.post import SHOP, Post, browser, pages_of, session
from notifications.mailing.one_time_links import OneTimeLinks
from notifications.mails.rendering import LINK_HIDDEN
from notifications.previews.examples import example_of
from shared.clock import clock, now
from shared.database.transactions import Database
from shared.events import EmailVerificationRequested, MailSuppressed, PasswordChanged, PasswordResetRequested
from shared.shop.mail_links import read_link
from tests.notifications.mails_at_the_desk import seen_by_staff


@pytest.fixture
async def post(db: Database, sink: MailSink, keys: Keys) -> Post:
    """Notifications with its key."""
    return Post(db, sink, links=OneTimeLinks(keys.issuers["notifications"], SHOP.url))


@pytest.fixture
async def staff(post: Post, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    """A member of staff."""
    app: FastAPI = pages_of(post, keys)
    async with browser(app, noren_session=session(keys)) as client:
        yield client


def reset(*, first: bool = False) -> PasswordResetRequested:
    """Somebody cannot log in."""
    return example_of(
        PasswordResetRequested, first=first, expires_at=now() + timedelta(minutes=45), name="山田 花子"
    )


@pytest.mark.feature("MEM-27", clause="one-time link mailed")
@pytest.mark.feature("MEM-09", clause="reset mail goes out")
async def test_only_the_message_holds_the_link_and_members_reads_it(
    post: Post, keys: Keys, staff: httpx.AsyncClient
) -> None:
    event = reset()
    await post.hears(event, times=2)
    await post.sends()

    [copy] = post.journal
    [link] = re.findall(r"^http://\S+/members/password/reset\?token=\S+$", copy.text, re.MULTILINE)
    assert (
        read_link(keys.verifier, "password_reset", link.partition("token=")[2]).request_id == event.request_id
    )
    assert f'href="{link}"' in copy.html
    assert LINK_HIDDEN not in copy.text
    [row] = await post.rows()
    kept = [*map(str, row.values()), *await seen_by_staff(staff, row.mail_id)]
    assert not [text for text in kept if "token=" in text]
    assert LINK_HIDDEN in row.text
    assert all(LINK_HIDDEN in page for page in await seen_by_staff(staff, row.mail_id))


@pytest.mark.parametrize(
    ("first", "words"), [(True, "パスワード設定のご案内"), (False, "パスワード再設定のご案内")]
)
async def test_who_never_had_a_password_sets_one_others_set_it_anew(
    post: Post, first: bool, words: str
) -> None:
    await post.hears(reset(first=first))
    await post.sends()

    [copy] = post.journal
    assert words in copy.message["Subject"]
    assert [row.title for row in await post.rows()] == [words]


async def test_a_mail_whose_link_is_dead_is_not_sent_and_that_is_said(post: Post, sink: MailSink) -> None:
    sink.at_recipient = "451 later"
    await post.hears(reset())
    await post.sends()
    sink.at_recipient = ""
    clock.move(timedelta(minutes=46))
    await post.sends()

    assert post.journal == []
    [row] = await post.rows()
    assert (row.state, row.reason) == ("suppressed", "link_expired")
    assert [event.reason for event in await post.said() if isinstance(event, MailSuppressed)] == [
        "link_expired"
    ]


@pytest.mark.feature("MEM-38", clause="new mail sent")
async def test_each_request_to_prove_an_address_brings_its_own_mail(post: Post, keys: Keys) -> None:
    for _ in range(2):
        await post.hears(
            example_of(EmailVerificationRequested, expires_at=now() + timedelta(hours=24)).model_copy()
        )
    await post.sends()

    assert ["本人確認" in copy.message["Subject"] for copy in post.journal] == [True, True]
    tokens = [re.findall(r"token=(\S+)", copy.text)[0] for copy in post.journal]
    assert all(read_link(keys.verifier, "email_verification", token).email for token in tokens)


async def test_a_changed_password_is_told_without_a_link_to_an_account(post: Post) -> None:
    await post.hears(example_of(PasswordChanged, way="reset"))
    await post.sends()

    [copy] = post.journal
    assert "パスワードが変更されました" in copy.message["Subject"]
    assert "メールのリンクからの設定" in copy.text
    assert "token=" not in copy.text


async def test_a_name_that_looks_like_the_hidden_link_is_not_filled(post: Post) -> None:
    await post.hears(reset().model_copy(update={"name": LINK_HIDDEN}))
    await post.sends()

    [copy] = post.journal
    assert copy.text.startswith(f"{LINK_HIDDEN} 様\n")
    assert copy.text.count("token=") == 1
