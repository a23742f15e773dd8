"""My page and what programs may read: points with state, reason and condition."""

from datetime import timedelta

import pytest

from shared import clock
from tests.members.member_examples import a_cancellation, a_shipping, an_authorization, an_order
from tests.members.members_service import MembersService


@pytest.mark.feature("PNT-23", clause="the history shows reason and state")
@pytest.mark.feature("PNT-24", clause="condition shown")
async def test_each_line_of_points_says_its_state_and_what_it_awaits(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        await members.hears(an_order("N-1", member_id=aya, points=200))

        page = (await browser.get("/members/mypage")).text
        for words in (
            "会員登録ポイント",
            "有効待ち",
            "商品の発送後に有効になります",
            "ポイント利用 -200",
            "N-1",
        ):
            assert words in page

        await members.hears(a_shipping("N-1"))
        page = (await browser.get("/members/mypage")).text
        assert "購入ポイントの有効化" in page
        assert "商品の発送後に有効になります" not in page

        await members.hears(an_order("N-2", member_id=aya), a_cancellation("N-2"))
        page = (await browser.get("/members/mypage")).text
        assert "ご注文がキャンセルされたため取り消されました" in page


async def test_a_program_reads_the_member_who_is_logged_in(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya, points=200))
    async with members.browser() as browser:
        assert (await browser.get("/api/members/me")).status_code == 401
        await members.log_in(browser)
        me = (await browser.get("/api/members/me")).json()

    assert me["member_id"] == str(aya)
    assert (me["name"], me["kana"], me["email"]) == ("綾瀬 あや", "アヤセ アヤ", "aya@example.jp")
    assert (me["points_available"], me["points_waiting"], me["amazon_linked"]) == (300, 48, False)


async def test_the_key_set_holds_the_public_key_alone(members: MembersService) -> None:
    async with members.browser() as browser:
        keys = (await browser.get("/members/.well-known/jwks.json")).json()["keys"]

    assert [(key["kid"], key["crv"]) for key in keys] == [("members", "Ed25519")]
    assert "d" not in keys[0]


async def test_a_member_who_links_later_sees_when(members: MembersService) -> None:
    aya = await members.register()
    clock.clock.move(timedelta(days=1))
    await members.hears(an_order(member_id=aya, amazon_buyer_id="amzn1.account.AYA"), an_authorization())
    async with members.browser() as browser:
        await members.log_in(browser)
        page = (await browser.get("/members/mypage")).text

    assert "連携済み" in page
    assert "Amazonアカウントだけでログインできます" in page
