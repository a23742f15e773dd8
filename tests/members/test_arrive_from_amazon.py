"""Coming back from Amazon's login: enter, link, ask for the shop login, register, or go on."""

import asyncio
import re

import pytest

from members.arrivals.rules import next_step
from shared.events import AmazonAccountLinked, MemberRegistered, PointsGranted
from shared.ids import new_id
from tests.members.members_service import MembersService

ARRIVE = "/members/amazon/arrive?next=/order/amazon"
BUYER = "amzn1.account.AYA"


@pytest.mark.feature("MEM-02", "MEM-05")
async def test_a_linked_member_is_logged_in_by_amazon_alone(members: MembersService) -> None:
    aya = await members.register(buyer_id=BUYER)
    async with members.browser() as browser:
        members.carry_wallet(browser)

        answer = await browser.get(ARRIVE)

        assert (answer.status_code, answer.headers["location"]) == (303, "/order/amazon")
        claims = members.session_claims(browser)
        assert (claims["sub"], claims["amazon_linked"]) == (str(aya), True)
        my_page = await browser.get("/members/mypage")
        assert my_page.status_code == 200
        assert "お持ちのクーポン" in my_page.text
        assert (await browser.get("/api/members/me")).json()["points_available"] == 500


@pytest.mark.feature("MEM-03")
@pytest.mark.feature("MEM-01", clause="logged-in member orders by Amazon")
async def test_a_logged_in_member_is_linked_and_keeps_the_points(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        before = members.session_claims(browser)
        members.carry_wallet(browser, email="other@example.jp", ordering=True)

        answer = await members.confirm_arrival(browser, ARRIVE)

        assert answer.headers["location"] == "/order/amazon"
        after = members.session_claims(browser)
        assert (after["sub"], after["amazon_linked"]) == (str(aya), True)
        assert after["sid"] != before["sid"]
        assert (await browser.get("/api/members/me")).json()["points_available"] == 500
    [linked] = await members.said(AmazonAccountLinked)
    assert (linked.member_id, linked.path) == (aya, "order")


@pytest.mark.feature("MEM-04")
async def test_an_equal_address_asks_for_the_shop_login_and_then_links(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        members.carry_wallet(browser, ordering=True)
        page = await browser.get(ARRIVE)
        assert "会員ログインのお願い" in page.text
        assert "会員ログインせずに続ける" in page.text
        assert "noren_session" not in browser.cookies

        again = "/members/amazon/arrive?next=%2Forder%2Famazon"
        assert f'value="{again}"' in page.text
        failed = await browser.post(
            "/members/login", data={"email": "aya@example.jp", "password": "wrong-pass-1", "next": again}
        )
        assert failed.status_code == 422
        assert "ポイント" not in failed.text
        assert await members.said(AmazonAccountLinked) == []

        passed = await members.log_in(browser, next=again)
        arrived = await members.confirm_arrival(browser, passed.headers["location"])
        assert arrived.headers["location"] == "/order/amazon"
        assert members.session_claims(browser)["amazon_linked"] is True
    [linked] = await members.said(AmazonAccountLinked)
    assert linked.member_id == aya
    assert len(await members.rows("SELECT 1 FROM members")) == 1


@pytest.mark.feature("AP-06", clause="registration prefills name and mail only")
@pytest.mark.feature("MEM-01", clause="registering as a member")
@pytest.mark.feature("MEM-06", "PNT-01")
@pytest.mark.feature("MEM-14", clause="registered by Amazon: equal")
async def test_amazon_registers_name_and_address_and_no_password(
    members: MembersService,
) -> None:
    async with members.browser() as browser:
        members.carry_wallet(browser)
        page = await browser.get(ARRIVE)
        assert "Amazonアカウントで会員登録" in page.text
        assert 'value="綾瀬 あや"' in page.text
        assert not set(re.findall(r' name="(\w+)"', page.text)) & {"postal_code", "address1", "phone"}
        assert "aya@example.jp" in page.text

        answer = await browser.post(
            "/members/amazon/register",
            data={"name": "綾瀬 あや", "email": "evil@example.jp", "next": "/order/amazon"},
        )

        assert answer.headers["location"] == "/order/amazon"
    [member] = await members.rows("SELECT * FROM members JOIN amazon_links USING (member_id)")
    assert (member.email, member.password_hash) == ("aya@example.jp", None)
    assert member.registered_at == member.linked_at
    [registered] = await members.said(MemberRegistered)
    assert registered.via == "amazon"
    [linked] = await members.said(AmazonAccountLinked)
    assert linked.path == "registration"
    assert [event.points for event in await members.said(PointsGranted)] == [500]


async def test_in_the_order_flow_a_stranger_goes_straight_on(members: MembersService) -> None:
    async with members.browser() as browser:
        members.carry_wallet(browser, ordering=True)
        answer = await browser.get(ARRIVE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/order/amazon")
    assert "noren_session" not in browser.cookies


@pytest.mark.feature("MEM-08")
async def test_without_the_option_amazon_login_is_refused_for_the_form(
    members: MembersService,
) -> None:
    await members.register(buyer_id=BUYER)
    await members.rule(amazon_login=False)
    async with members.browser() as browser:
        members.carry_wallet(browser)
        answer = await browser.get(ARRIVE)
        login = await browser.get("/members/login")

    assert answer.status_code == 403
    assert "現在ご利用いただけません" in answer.text
    assert 'name="password"' in answer.text
    assert "noren_session" not in browser.cookies
    assert "Amazonアカウントでログインする" not in login.text


@pytest.mark.feature("MEM-07")
async def test_the_login_page_offers_amazon(members: MembersService) -> None:
    async with members.browser() as browser:
        page = await browser.get("/members/login?next=/cart")

    assert "Amazonアカウントでログインする" in page.text
    assert "/payments/amazon_pay/signin?next=%2Fcart" in page.text


@pytest.mark.parametrize("issuer", ["checkout", "members", "notifications"])
async def test_a_wallet_that_payments_did_not_sign_is_nothing(
    members: MembersService, issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser:
        forged = members.keys.issuers[issuer]
        monkeypatch.setattr(forged, "service", "payments")
        members.carry_wallet(browser, issuer=issuer)

        answer = await browser.get(ARRIVE)

        assert answer.status_code == 400
        assert "noren_session" not in browser.cookies
        assert (await browser.post("/members/amazon/register", data={"name": "x"})).status_code == 400


async def test_of_two_members_with_one_amazon_account_one_is_linked(
    members: MembersService,
) -> None:
    await members.register("aya@example.jp")
    await members.register("ben@example.jp")
    async with members.browser() as aya, members.browser() as ben:
        await members.log_in(aya, "aya@example.jp")
        await members.log_in(ben, "ben@example.jp")
        members.carry_wallet(aya, email="x@example.jp", ordering=True)
        members.carry_wallet(ben, email="x@example.jp", ordering=True)

        await asyncio.gather(members.confirm_arrival(aya, ARRIVE), members.confirm_arrival(ben, ARRIVE))

    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1
    assert len(await members.said(AmazonAccountLinked)) == 1


def test_paying_by_anothers_amazon_account_changes_no_login() -> None:
    def step(*, ordering: bool) -> str:
        return next_step(
            login_allowed=True,
            ordering=ordering,
            viewer_id=new_id(),
            viewer_linked=False,
            viewer_proved=True,
            buyers_member_id=new_id(),
            email_known=False,
            confirmed=True,
            password_shown=False,
        )

    assert step(ordering=True) == "go_on"
    assert step(ordering=False) == "enter"


@pytest.mark.parametrize("ordering", [False, True])
async def test_a_visit_alone_links_no_login_that_is_there(members: MembersService, ordering: bool) -> None:
    await members.register()
    async with members.browser() as browser:
        members.carry_wallet(browser, email="stranger@example.jp", ordering=ordering)
        await members.log_in(browser)

        page = await browser.get(ARRIVE)

        assert page.status_code == 200
        assert "このAmazonアカウントと連携しますか" in page.text
        assert "綾瀬 あや st***@example.jp" in page.text
        assert "連携せずに続ける" in page.text
        assert await members.rows("SELECT 1 FROM amazon_links") == []
        without_page = await browser.post("/members/amazon/arrive", data={"next": "/", "shown": "x"})
        assert "連携しますか" in without_page.text
    assert await members.rows("SELECT 1 FROM amazon_links") == []


async def test_a_visit_alone_switches_to_no_other_member(members: MembersService) -> None:
    aya = await members.register()
    ben = await members.register("ben@example.jp", buyer_id="amzn1.account.BEN")
    async with members.browser() as browser:
        await members.log_in(browser)
        members.carry_wallet(browser, buyer_id="amzn1.account.BEN", email="ben@example.jp")

        page = await browser.get(ARRIVE)

        assert "会員に切り替えますか" in page.text
        assert members.session_claims(browser)["sub"] == str(aya)
        assert (await members.confirm_arrival(browser, ARRIVE)).status_code == 303
        assert members.session_claims(browser)["sub"] == str(ben)


async def test_agreeing_to_one_account_links_no_other(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        members.carry_wallet(browser)
        shown = re.findall(r'name="shown" value="([^"]*)"', (await browser.get(ARRIVE)).text)[0]
        members.carry_wallet(browser, buyer_id="amzn1.account.STRANGER", email="stranger@example.jp")

        page = await browser.post("/members/amazon/arrive", data={"next": "/", "shown": shown})

        assert "st***@example.jp" in page.text
    assert await members.rows("SELECT 1 FROM amazon_links") == []


@pytest.mark.parametrize(
    ("password", "message"),
    [("", "現在のパスワードを入力してください"), ("not-the-password-1", "現在のパスワードが違います")],
)
async def test_a_login_that_is_there_links_only_with_its_password(
    members: MembersService, password: str, message: str
) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        members.carry_wallet(browser, email="stranger@example.jp")
        assert 'name="password"' in (await browser.get(ARRIVE)).text

        refused = await members.confirm_arrival(browser, ARRIVE, password)

        assert refused.status_code == 422
        assert f'<a href="#f-password">{message}</a>' in refused.text
        assert await members.rows("SELECT 1 FROM amazon_links") == []
        assert (await members.confirm_arrival(browser, ARRIVE)).status_code == 303
    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1


async def test_guesses_at_the_question_count_as_failed_logins(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        members.carry_wallet(browser, email="stranger@example.jp")
        for _ in range(10):
            await members.confirm_arrival(browser, ARRIVE, "not-the-password-1")

        locked = await members.confirm_arrival(browser, ARRIVE)

        assert (locked.status_code, "Retry-After" in locked.headers) == (429, True)
        assert "ログインの失敗が続いたため" in locked.text
    assert await members.rows("SELECT 1 FROM amazon_links") == []


async def test_a_member_without_a_password_links_without_one(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        await members.rows("UPDATE members SET password_hash = NULL RETURNING 1")
        members.carry_wallet(browser, email="other@example.jp")
        assert 'name="password"' not in (await browser.get(ARRIVE)).text

        assert (await members.confirm_arrival(browser, ARRIVE, "")).status_code == 303
    [linked] = await members.said(AmazonAccountLinked)
    assert linked.member_id == aya


async def test_neither_buyers_nor_addresses_can_be_tried_out(
    members: MembersService,
) -> None:
    await members.register("aya@example.jp")
    await members.register("ben@example.jp", buyer_id="amzn1.account.BEN")
    asked = f"/api/members/amazon-links/{BUYER}?email=aya@example.jp"
    async with members.browser() as browser:
        linked = "/api/members/amazon-links/amzn1.account.BEN"
        assert (await browser.get(linked)).json() == {"state": "none"}
        assert (await browser.get(asked)).json() == {"state": "none"}
        members.carry_wallet(browser, buyer_id="amzn1.account.BEN", email="ben@example.jp")
        assert (await browser.get(linked)).json() == {"state": "linked"}
        members.carry_wallet(browser, email="ben@example.jp")
        assert (await browser.get(asked)).json() == {"state": "none"}
        members.carry_wallet(browser, email="aya@example.jp")
        assert (await browser.get(asked)).json() == {"state": "login_needed"}
