"""Whoever signed up with somebody else's address keeps no way in once the mailbox's owner proves it."""

from datetime import timedelta

import httpx
import pytest

from members.arrivals.rules import next_step
from shared import clock
from shared.clock import now
from shared.events import (
    AmazonAccountLinked,
    EmailVerificationRequested,
    PointsGranted,
    Registration,
    SessionsRevoked,
)
from shared.ids import new_id
from tests.members.member_examples import an_authorization, an_order
from tests.members.members_service import MembersService
from tests.members.proof_links import VERIFY, opens_link
from tests.members.reset_links import asks, sets
from tests.members.reset_links import opens_link as opens_reset

ARRIVE = "/members/amazon/arrive?next=/members/mypage"
BUYER = "amzn1.account.STRANGER"
NEW = "tsugi-no-tobira-8"
BOTH = {"new_password": NEW, "repeated": NEW}


async def links(members: MembersService) -> int:
    """How many accounts are linked with Amazon."""
    return len(await members.rows("SELECT 1 FROM amazon_links"))


async def linked_unproved(members: MembersService) -> None:
    """An account of former times: linked with Amazon although nobody had proved its address."""
    aya = await members.register(email_proved=False)
    async with members.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO amazon_links (member_id, buyer_id, linked_at, path) VALUES (:aya, :buyer, :at, 'login')",
            aya=aya,
            buyer=BUYER,
            at=now(),
        )


async def may_enter(members: MembersService, stranger: httpx.AsyncClient) -> bool:
    """Whether the stranger still gets to the account by the old session, the password or the Amazon account."""
    if (await stranger.get("/members/mypage")).status_code == 200:
        return True
    async with members.browser() as other:
        by_password = await members.log_in(other)
        members.carry_wallet(other, buyer_id=BUYER, email="stranger@example.jp")
        await other.get(ARRIVE)
        return by_password.status_code == 303 or "noren_session" in other.cookies


async def test_a_reset_of_an_unproved_account_ends_all_that_was_before(members: MembersService) -> None:
    await linked_unproved(members)
    async with members.browser() as stranger, members.browser() as owner:
        await members.log_in(stranger)
        event = await asks(members)
        await opens_reset(members, owner, event)
        assert (await sets(owner)).status_code == 303
        clock.clock.move(timedelta(seconds=2))

        assert not await may_enter(members, stranger)
        assert (await owner.get("/members/mypage")).status_code == 200
    [ended] = await members.rows("SELECT buyer_id, reason FROM ended_amazon_links")
    assert (ended.buyer_id, ended.reason) == (BUYER, "address_proved")
    assert len(await members.rows("SELECT 1 FROM known_devices")) == 1


async def test_the_mailbox_owner_proves_it_with_their_own_password(
    members: MembersService,
) -> None:
    await linked_unproved(members)
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as stranger, members.browser() as owner:
        await members.log_in(stranger)
        page = await opens_link(members, owner, event)
        assert "ログインして確認する" in page.text
        assert "パスワードを設定して確認する" in page.text
        assert (await owner.post(VERIFY)).status_code == 403
        different = await owner.post(f"{VERIFY}/password", data={**BOTH, "repeated": "betsu-no-tobira-9"})
        assert different.status_code == 422

        done = await owner.post(f"{VERIFY}/password", data=BOTH)

        assert (done.status_code, done.headers["location"]) == (303, "/members/mypage")
        assert "メールアドレスが未確認です" not in (await owner.get("/members/mypage")).text
        clock.clock.move(timedelta(seconds=2))
        assert not await may_enter(members, stranger)
        assert (await owner.post(f"{VERIFY}/password", data=BOTH)).status_code == 410
    assert len(await members.said(SessionsRevoked)) == 1


async def test_who_is_logged_in_as_somebody_else_proves_nothing(members: MembersService) -> None:
    await members.register(email_proved=False)
    await members.register("ben@example.jp")
    [event] = await members.said(EmailVerificationRequested)
    async with members.browser() as browser:
        await members.log_in(browser, "ben@example.jp")
        await opens_link(members, browser, event)
        assert (await browser.post(VERIFY)).status_code == 403
    [aya] = await members.rows("SELECT email_verified_at FROM members WHERE email = 'aya@example.jp'")
    assert aya.email_verified_at is None


async def test_a_proof_by_who_is_logged_in_keeps_only_this_browser(members: MembersService) -> None:
    await members.register(email_proved=False)
    [event] = await members.said(EmailVerificationRequested)
    reset = await asks(members)
    async with members.browser() as here, members.browser() as elsewhere:
        await members.log_in(here)
        await members.log_in(elsewhere)
        await opens_link(members, here, event)
        assert (await here.post(VERIFY)).status_code == 303

        assert (await here.get("/members/mypage")).status_code == 200
        assert (await elsewhere.get("/members/mypage")).status_code == 303
        assert (await opens_reset(members, elsewhere, reset)).status_code == 410
        assert (await members.log_in(elsewhere)).status_code == 303
    assert len(await members.rows("SELECT 1 FROM known_devices")) == 2


@pytest.mark.parametrize(("email", "made"), [("other@example.jp", 0), ("AYA@example.jp", 1)])
async def test_an_unproved_account_links_only_where_amazon_vouches(
    members: MembersService, email: str, made: int
) -> None:
    aya = await members.register(email_proved=False)
    async with members.browser() as browser:
        await members.log_in(browser)
        members.carry_wallet(browser, email=email, ordering=True)
        answer = await members.confirm_arrival(browser, "/members/amazon/arrive?next=/order/amazon")
        assert answer.headers["location"] == "/order/amazon"
        assert (await browser.get("/members/mypage")).status_code == 200
    await members.hears(an_order(member_id=aya, amazon_buyer_id="amzn1.account.AYA"), an_authorization())

    assert await links(members) == made
    [row] = await members.rows("SELECT email_verified_at FROM members")
    assert (row.email_verified_at is not None) == bool(made)


async def test_an_order_of_before_the_proof_links_nobody_after_it(members: MembersService) -> None:
    aya = await members.register(email_proved=False)
    before = now()
    clock.clock.move(timedelta(seconds=2))
    async with members.browser() as owner:
        await opens_reset(members, owner, await asks(members))
        await sets(owner)
    late = [before, now() + timedelta(minutes=1)]
    for number, placed_at in enumerate(late):
        order = an_order(f"N-{number}", member_id=aya, amazon_buyer_id=BUYER, placed_at=placed_at)
        await members.hears(order, an_authorization(f"N-{number}"))
    assert await links(members) == 0
    placed_at = now() + timedelta(minutes=6)
    order = an_order("N-9", member_id=aya, amazon_buyer_id=BUYER, placed_at=placed_at)
    await members.hears(order, an_authorization("N-9"))
    assert await links(members) == 1


async def test_an_order_off_amazons_address_registers_without_a_link(
    members: MembersService,
) -> None:
    for number, email in enumerate(("aya@example.jp", "victim@example.jp")):
        registration = Registration(member_id=new_id(), wallet_kind="amazon_pay", wallet_buyer_id=BUYER)
        await members.hears(an_order(f"N-{number}", registration=registration, email=email))

    assert await links(members) == 0
    assert await members.said(AmazonAccountLinked) == []
    # One Amazon account gets points at once only once; the next address has to be proved.
    granted = [event for event in await members.said(PointsGranted) if event.reason == "registration"]
    assert [event.state for event in granted] == ["active", "pending"]


async def test_my_page_undoes_the_amazon_link(members: MembersService) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser, members.browser() as elsewhere:
        await members.log_in(browser)
        await members.log_in(elsewhere)
        assert "Amazonアカウントの連携を解除する" in (await browser.get("/members/mypage")).text
        assert (await browser.post("/members/amazon/unlink")).status_code == 303

        assert members.session_claims(browser)["amazon_linked"] is False
        assert "未連携" in (await browser.get("/members/mypage")).text
        assert (await elsewhere.get("/members/mypage")).status_code == 303
    [ended] = await members.rows("SELECT buyer_id, reason FROM ended_amazon_links")
    assert (ended.buyer_id, ended.reason) == (BUYER, "undone")


async def test_without_a_password_the_link_stays_and_the_page_says_why(members: MembersService) -> None:
    await members.register(password_hash=None, buyer_id="amzn1.account.AYA")
    async with members.browser() as browser:
        members.carry_wallet(browser)
        await browser.get(ARRIVE)
        page = (await browser.get("/members/mypage")).text
        assert "連携を解除する</button>" not in page
        assert "ログインできなくなります" in page
        answer = await browser.post("/members/amazon/unlink")
    assert answer.headers["location"] == "/members/password"
    assert await links(members) == 1


def test_who_has_not_proved_the_address_is_not_linked() -> None:
    step = next_step(
        login_allowed=True,
        ordering=False,
        viewer_id=new_id(),
        viewer_linked=False,
        viewer_proved=False,
        buyers_member_id=None,
        email_known=False,
        confirmed=True,
        password_shown=True,
    )
    assert step == "prove_first"
