"""An address is proved by the link of a mail, and registration points wait for it."""

from datetime import timedelta

import pytest

from shared import clock
from shared.events import (
    EmailVerificationRequested,
    MemberRegistered,
    PointsActivated,
    PointsGranted,
    Registration,
)
from shared.ids import new_id
from tests.members.member_examples import SIGN_UP, an_order
from tests.members.members_service import MembersService
from tests.members.proof_links import VERIFY, opens_link


async def test_points_of_a_new_member_wait_until_the_address_is_proved(members: MembersService) -> None:
    async with members.browser() as browser:
        await browser.post("/members/signup", data=SIGN_UP)
        [registered] = await members.said(MemberRegistered)
        [event] = await members.said(EmailVerificationRequested)
        assert (event.member_id, event.email) == (registered.member_id, "aya@example.jp")
        [granted] = await members.said(PointsGranted)
        assert granted.state == "pending"
        before = await members.balance(registered.member_id)
        assert (before.waiting, before.active) == (500, 0)
        page = (await browser.get("/members/mypage")).text
        for words in (
            "メールアドレスが未確認です",
            "会員登録ポイント500ポイントが有効に",
            "迷惑メールフォルダー",
        ):
            assert words in page
        assert "メールアドレスの確認後に有効になります" in page

        await opens_link(members, browser, event)
        done = await browser.post(VERIFY)

        assert (done.status_code, done.headers["location"]) == (303, "/members/mypage")
        assert "メールアドレスが未確認です" not in (await browser.get("/members/mypage")).text
    after = await members.balance(registered.member_id)
    assert (after.waiting, after.active) == (0, 500)
    [activated] = await members.said(PointsActivated)
    assert activated.points == 500


async def test_a_mailbox_has_registration_points_once_whatever_its_tag(members: MembersService) -> None:
    first = await members.register("aya+1@example.jp", email_proved=False)
    second = await members.register("Aya@example.jp", email_proved=False)
    events = await members.said(EmailVerificationRequested)
    for email, event in zip(("aya+1@example.jp", "aya@example.jp"), events, strict=True):
        async with members.browser() as browser:
            await members.log_in(browser, email)
            await opens_link(members, browser, event)
            assert (await browser.post(VERIFY)).status_code == 303
            page = (await browser.get("/members/mypage")).text
    assert "同じメールボックスの会員に付与済みのため取り消されました" in page
    third = await members.register("aya+3@example.jp", email_proved=True)
    balances = [await members.balance(one) for one in (first, second, third)]
    assert [(one.active, one.waiting) for one in balances] == [(500, 0), (0, 0), (0, 0)]


async def test_a_session_says_that_the_address_is_proved(members: MembersService) -> None:
    await members.register(email_proved=False)
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as browser:
        await members.log_in(browser)
        assert members.session_claims(browser)["email_proved"] is False
        before = members.session_claims(browser)["sid"]
        await opens_link(members, browser, event)
        await browser.post(VERIFY)
        await browser.get("/members/mypage")
        claims = members.session_claims(browser)
        assert (claims["email_proved"], claims["sid"]) == (True, before)


async def test_opening_a_link_proves_nothing_before_the_button(members: MembersService) -> None:
    aya = await members.register(email_proved=False)
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as browser:
        await members.log_in(browser)
        assert "メールアドレスを確認する" in (await opens_link(members, browser, event)).text
    assert (await members.balance(aya)).active == 0


@pytest.mark.feature("MEM-38", clause="old token dies")
async def test_a_mail_sent_again_makes_the_older_link_die(members: MembersService) -> None:
    await members.register(email_proved=False)
    async with members.browser() as browser:
        await members.log_in(browser)
        answers = [(await browser.post(f"{VERIFY}/resend")).status_code for _ in range(4)]
        assert answers == [303, 303, 303, 429]
        older, *_, newest = await members.said(EmailVerificationRequested)
        assert (await opens_link(members, browser, older)).status_code == 410
        assert (await browser.post(VERIFY)).status_code == 410
        await opens_link(members, browser, newest)
        assert (await browser.post(VERIFY)).status_code == 303
        assert (await browser.post(VERIFY)).status_code == 410
    assert len(await members.said(PointsActivated)) == 1


async def test_a_link_is_good_for_a_day(members: MembersService) -> None:
    await members.register(email_proved=False)
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as browser:
        await opens_link(members, browser, event)
        clock.clock.move(timedelta(hours=25))
        assert (await browser.post(VERIFY)).status_code == 410


async def test_an_unproved_member_may_log_in(members: MembersService) -> None:
    await members.register(email_proved=False)
    async with members.browser() as browser:
        assert (await members.log_in(browser)).status_code == 303
        assert (await browser.get("/api/members/me")).json()["points_available"] == 0


@pytest.mark.parametrize(("proved", "mails"), [(True, 0), (False, 1)])
async def test_a_registering_order_wants_proof_unless_amazon_vouches(
    members: MembersService, proved: bool, mails: int
) -> None:
    member_id = new_id()
    registration = Registration(
        member_id=member_id,
        wallet_kind="amazon_pay",
        wallet_buyer_id="amzn1.account.AYA",
        email_proved=proved,
    )
    await members.hears(an_order("N-1", registration=registration))

    assert len(await members.said(EmailVerificationRequested)) == mails
    # PNT-02: they may pay for the registering order, whatever address was typed.
    assert (await members.balance(member_id)).active >= 500


async def test_who_registers_with_amazon_need_not_prove_the_address(
    members: MembersService,
) -> None:
    async with members.browser() as browser:
        members.carry_wallet(browser)
        await browser.post("/members/amazon/register", data={"name": "綾瀬 あや", "kana": "アヤセ アヤ"})
        assert "メールアドレスが未確認です" not in (await browser.get("/members/mypage")).text
    assert await members.said(EmailVerificationRequested) == []
    [granted] = await members.said(PointsGranted)
    assert granted.state == "active"


async def test_points_made_valid_by_staff_do_not_await_the_address(members: MembersService) -> None:
    await members.rule(registration_activation="manual")
    aya = await members.register(email_proved=False)
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as browser:
        await members.log_in(browser)
        await opens_link(members, browser, event)
        assert (await browser.post(VERIFY)).status_code == 303
    assert (await members.balance(aya)).waiting == 500
