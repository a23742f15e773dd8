"""パスワードをお忘れの場合: the link of a mail, a new password, and what ends with the old one."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest

from members.passwords.wish_for_reset import MailResets
from members.passwords.wishes import insert_wish
from shared import clock
from shared.clock import now
from shared.events import PasswordChanged, PasswordResetRequested, SessionsRevoked
from tests.members.members_service import PASSWORD, MembersService, at_desk
from tests.members.reset_links import (
    FORGOT,
    NEW,
    RESET,
    address_in_mail,
    asks,
    mails_go_out,
    opens_link,
    sets,
)


@pytest.mark.feature("MEM-27")
async def test_a_forgotten_password_is_replaced_by_a_link_used_once(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser, members.browser() as elsewhere:
        await members.log_in(elsewhere)
        login = await browser.get("/members/login")
        assert f'<a href="{FORGOT}">パスワードをお忘れの場合</a>' in login.text
        event = await asks(members)
        assert (event.member_id, event.email, event.first) == (aya, "aya@example.jp", False)
        assert "aya@example.jp" in (await opens_link(members, browser, event)).text

        done = await sets(browser)

        assert (done.status_code, done.headers["location"]) == (303, "/members/mypage")
        assert (await browser.get("/members/mypage")).status_code == 200
        assert (await elsewhere.get("/members/mypage")).status_code == 303
        assert (await members.log_in(elsewhere)).status_code == 422
        new = {"email": "aya@example.jp", "password": NEW}
        assert (await elsewhere.post("/members/login", data=new)).status_code == 303
        assert (await opens_link(members, elsewhere, event)).status_code == 410
        assert (await sets(elsewhere, "betsu-no-tobira-9")).status_code == 410
    [changed] = await members.said(PasswordChanged)
    assert (changed.member_id, changed.way) == (aya, "reset")
    assert len(await members.said(SessionsRevoked)) == 1


@pytest.mark.feature("MEM-09", clause="login works after it")
async def test_who_registered_with_amazon_gets_a_password_by_mail(members: MembersService) -> None:
    await members.register(password_hash=None, buyer_id="amzn1.account.AYA")
    await members.rule(amazon_login=False)
    event = await asks(members)
    assert event.first
    async with members.browser() as browser:
        await opens_link(members, browser, event)
        assert (await sets(browser)).status_code == 303
    async with members.browser() as browser:
        entered = await browser.post("/members/login", data={"email": "aya@example.jp", "password": NEW})
        assert entered.status_code == 303


async def test_without_a_password_nobody_is_asked_for_the_present_one(members: MembersService) -> None:
    await members.register(password_hash=None, buyer_id="amzn1.account.AYA")
    async with members.browser() as browser:
        members.carry_wallet(browser)
        await browser.get("/members/amazon/arrive")
        page = await browser.get("/members/password")
        assert "現在のパスワード" not in page.text
        assert "パスワードはまだ設定されていません" in page.text
        assert (await browser.post("/members/password/first")).status_code == 303
    [event] = await members.said(PasswordResetRequested)
    assert event.first


async def test_an_unknown_address_is_answered_exactly_like_a_known_one(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        known, unknown = [
            await browser.post(FORGOT, data={"email": email})
            for email in ("aya@example.jp", "nobody@example.jp")
        ]
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text
    assert [event.email for event in await mails_go_out(members)] == ["aya@example.jp"]
    assert await members.rows("SELECT 1 FROM reset_wishes") == []


@pytest.mark.parametrize(
    ("allowed", "emails"),
    [(3, ["aya@example.jp"] * 4), (10, [f"a{number}@example.jp" for number in range(11)])],
)
async def test_requests_are_paced_by_address_and_by_client(
    members: MembersService, allowed: int, emails: list[str]
) -> None:
    async with members.browser() as browser:
        answers = [(await browser.post(FORGOT, data={"email": email})).status_code for email in emails]
        assert answers == [200] * allowed + [429]
        clock.clock.move(timedelta(minutes=31))
        assert (await browser.post(FORGOT, data={"email": emails[-1]})).status_code == 200


async def test_a_newer_request_makes_the_older_link_die(members: MembersService) -> None:
    await members.register()
    older, newer = await asks(members), await asks(members)
    async with members.browser() as browser:
        assert (await opens_link(members, browser, older)).status_code == 410
        assert (await opens_link(members, browser, newer)).status_code == 200


async def test_a_link_dies_after_three_quarters_of_an_hour(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    async with members.browser() as browser:
        await opens_link(members, browser, event)
        clock.clock.move(timedelta(minutes=46))
        assert (await sets(browser)).status_code == 410


async def test_a_link_is_void_once_the_member_has_another_address(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    async with members.db.transaction() as tx:
        await tx.execute("UPDATE members SET email = 'aya@other.jp', email_key = 'aya@other.jp'")
    async with members.browser() as browser:
        assert (await opens_link(members, browser, event)).status_code == 410


async def test_a_reset_shuts_out_an_amazon_account_that_was_linked(members: MembersService) -> None:
    await members.register(buyer_id="amzn1.account.STRANGER")
    event = await asks(members)
    async with members.browser() as owner, members.browser() as stranger:
        await opens_link(members, owner, event)
        assert "Amazonアカウントとの連携は解除されます" in (await owner.get(RESET)).text
        assert (await sets(owner)).status_code == 303
        members.carry_wallet(stranger, buyer_id="amzn1.account.STRANGER", email="stranger@example.jp")
        await stranger.get("/members/amazon/arrive")

        assert "noren_session" not in stranger.cookies
        assert members.session_claims(owner)["amazon_linked"] is False
    [ended] = await members.rows("SELECT reason FROM ended_amazon_links")
    assert ended.reason == "password_reset"


async def test_the_first_password_keeps_the_amazon_account(members: MembersService) -> None:
    await members.register(password_hash=None, buyer_id="amzn1.account.AYA")
    event = await asks(members)
    async with members.browser() as owner:
        await opens_link(members, owner, event)
        await sets(owner)
    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1


async def test_changing_the_password_makes_open_links_die(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    async with members.browser() as browser:
        await members.log_in(browser)
        await browser.post("/members/password", data={"password": PASSWORD, "new_password": NEW})
        assert (await opens_link(members, browser, event)).status_code == 410
    [changed] = await members.said(PasswordChanged)
    assert changed.way == "form"


async def test_the_secret_of_a_link_leaves_the_address_at_once(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    async with members.browser() as browser:
        answer = await browser.get(address_in_mail(members, event))
        page = await browser.get(RESET)
    assert (answer.status_code, answer.headers["location"]) == (303, RESET)
    assert urlsplit(answer.headers["location"]).query == ""
    assert "HttpOnly" in answer.headers["set-cookie"]
    for one in (answer, page):
        assert one.headers["referrer-policy"] == "same-origin"
        assert one.headers["cache-control"] == "no-store"


async def test_the_event_about_a_link_carries_no_secret(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    assert set(event.model_dump()) - {"event_id", "occurred_at", "caused_by"} <= {
        *(
            "member_id",
            "request_id",
            "name",
            "email",
            "expires_at",
            "first",
            "language",
            "shop",
            "correlation",
        )
    }
    assert timedelta(minutes=30) <= event.expires_at - now() <= timedelta(minutes=60)


@pytest.mark.parametrize("token", ["", "x", "a.b.c"])
async def test_a_forged_link_opens_nothing(members: MembersService, token: str) -> None:
    await members.register()
    await asks(members)
    async with members.browser() as browser:
        answer = await browser.get(f"{RESET}?token={token}")
        assert answer.headers["location"] == RESET
        assert (await browser.get(RESET)).status_code == 410
        assert (await sets(browser)).status_code == 410


@pytest.mark.parametrize(
    ("password", "repeated", "reason"),
    [
        (NEW, "tsugi-no-tobira-9", "2回の入力が一致していません"),
        (PASSWORD, PASSWORD, "過去に使用したパスワードは使用できません"),
        ("09012345678", "09012345678", "英字と数字の両方"),
        ("aya@example.jp1", "aya@example.jp1", "メールアドレスやお名前を含む"),
    ],
)
async def test_a_refused_password_says_why_and_leaves_the_link_good(
    members: MembersService, password: str, repeated: str, reason: str
) -> None:
    await members.register()
    event = await asks(members)
    async with members.browser() as browser:
        await opens_link(members, browser, event)
        refused = await sets(browser, password, repeated)
        assert refused.status_code == 422
        assert reason in refused.text
        assert (await sets(browser)).status_code == 303


async def test_of_two_who_use_one_link_at_once_one_sets_the_password(members: MembersService) -> None:
    await members.register()
    event = await asks(members)
    async with members.browser() as one, members.browser() as other:
        for browser in (one, other):
            await opens_link(members, browser, event)
        answers = await asyncio.gather(sets(one, "hitori-me-no-kagi-1"), sets(other, "futari-me-no-kagi-2"))
    assert sorted(answer.status_code for answer in answers) == [303, 410]


async def test_staff_start_a_reset_and_see_neither_link_nor_password(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as desk:
        await at_desk(members, desk, role="staff")
        answer = await desk.post(f"/desk/members/{aya}/password-reset")
        page = await desk.get(answer.headers["location"])
    [event] = await members.said(PasswordResetRequested)
    assert event.member_id == aya
    assert "token" not in page.text
    [deed] = await members.rows("SELECT * FROM staff_deeds WHERE deed = 'reset_started'")
    assert (deed.by, str(aya) in deed.subject, deed.ip) == ("店長", True, "192.0.2.10")


async def test_a_wish_that_two_workers_hold_is_mailed_once(members: MembersService) -> None:
    await members.register()
    at: datetime = now()
    async with members.db.transaction() as tx:
        await insert_wish(tx, "aya@example.jp", at=at)
        [row] = await tx.rows("SELECT * FROM reset_wishes")
    for _ in range(2):
        await MailResets(members.db).perform(row)
    assert len(await members.said(PasswordResetRequested)) == 1


async def test_a_logout_uses_up_the_link_that_the_browser_opened(members: MembersService) -> None:
    await members.register()
    asked = await asks(members)
    async with members.browser() as browser, members.browser() as thief:
        await members.log_in(browser)
        await opens_link(members, browser, asked)
        thief.cookies.set("noren_password_reset", browser.cookies["noren_password_reset"])
        await browser.post("/members/logout")

        assert (await sets(thief)).status_code == 410
