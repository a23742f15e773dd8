"""Points that could not be taken are owed, and what comes in later pays them first."""

from datetime import datetime, timedelta

import pytest

from harness.keys import Keys
from members.benefits.reserve_benefit import reserve_benefit
from shared.clock import JAPAN, clock, now
from shared.events import BenefitShortageFound
from tests.members.member_examples import a_cancellation, a_shipping, an_order
from tests.members.members_service import MembersService


@pytest.mark.feature("PNT-20", clause="recorded as shortage, never lost")
@pytest.mark.parametrize("first", ["N-EARNS", "N-SPENDS"])
async def test_earning_and_spending_both_undone_leave_what_there_was(
    members: MembersService, first: str
) -> None:
    aya = await members.register()
    for _ in range(2):
        await members.rule(purchase_activation="immediate")
    await members.hears(an_order("N-EARNS", member_id=aya, items=100_000))
    assert (await members.balance(aya)).active == 1_500
    await members.hears(an_order("N-SPENDS", member_id=aya, items=1_500, points=1_500))

    second = "N-SPENDS" if first == "N-EARNS" else "N-EARNS"
    await members.hears(a_cancellation(first), a_cancellation(second))

    balance = await members.balance(aya)
    assert (balance.active, balance.debt, balance.available) == (500, 0, 500)


async def test_a_debt_is_kept_shown_and_paid_by_the_next_points(members: MembersService) -> None:
    aya = await members.register()
    await members.rule(purchase_activation="immediate")
    await members.hears(
        an_order("N-EARNS", member_id=aya, items=100_000),
        an_order("N-SPENDS", member_id=aya, items=1_500, points=1_500),
        a_cancellation("N-EARNS"),
    )
    balance = await members.balance(aya)
    assert (balance.active, balance.debt) == (0, 1_000)

    await members.staff()
    async with members.browser() as desk, members.browser() as phone:
        await desk.post("/desk/login", data={"email": "desk@noren.example", "password": "aoi-noren-7"})
        page = (await desk.get(f"/desk/members/{aya}")).text
        assert "不足（次の付与から差し引き）" in page
        assert "1,000" in page

        await members.hears(an_order("N-LATER", member_id=aya, items=150_000))
        balance = await members.balance(aya)
        assert (balance.active, balance.debt) == (500, 0)
        await members.log_in(phone)
        mine = (await phone.get("/members/mypage")).text
    assert "購入ポイント +1,500" in mine
    assert "うち1,000ポイントは、以前のご注文の不足分に充当しました" in mine
    assert "不足（次の付与から差し引き）" not in mine


async def test_points_that_wait_pay_a_debt_when_they_become_valid(members: MembersService) -> None:
    aya = await members.register()
    await members.rule(purchase_activation="immediate")
    await members.hears(
        an_order("N-EARNS", member_id=aya, items=30_000),
        an_order("N-SPENDS", member_id=aya, items=800, points=800),
        a_cancellation("N-EARNS"),
    )
    await members.rule(purchase_activation="on_shipped")
    await members.hears(an_order("N-LATER", member_id=aya, items=40_000))
    balance = await members.balance(aya)
    assert (balance.waiting, balance.active, balance.debt) == (400, 0, 300)

    await members.hears(a_shipping("N-LATER"))

    balance = await members.balance(aya)
    assert (balance.waiting, balance.active, balance.debt) == (0, 100, 0)


async def test_who_owes_points_cannot_spend_those_that_were_set_aside(members: MembersService) -> None:
    aya = await members.register()
    await members.rule(purchase_activation="immediate")
    await members.hears(an_order("N-EARNS", member_id=aya, items=30_000))
    async with members.db.transaction() as tx:
        await reserve_benefit(tx, member_id=aya, points=800, at=now())
    await members.hears(a_cancellation("N-EARNS"))
    balance = await members.balance(aya)
    assert (balance.active, balance.reserved, balance.debt) == (800, 800, 300)

    await members.rows("UPDATE point_balances SET held = 0 RETURNING 1")

    assert (await members.balance(aya)).available == 500


async def test_points_an_order_got_without_having_them_are_owed(
    members: MembersService,
) -> None:
    aya = await members.register()
    await members.hears(an_order("N-1", member_id=aya, points=700))

    [shortage] = await members.said(BenefitShortageFound)
    assert (shortage.benefit, shortage.missing, shortage.reason, shortage.order_code) == (
        "points",
        200,
        "not_enough_points",
        "N-1",
    )
    assert (await members.balance(aya)).debt == 200
    await members.hears(a_cancellation("N-1"))
    balance = await members.balance(aya)
    assert (balance.active, balance.debt) == (500, 0)


async def test_points_end_with_the_day_in_japan_that_is_printed(members: MembersService, keys: Keys) -> None:
    morning = datetime(2030, 3, 1, 9, 30, tzinfo=JAPAN)
    clock.move(morning - now())
    await members.rule(valid_days=30)
    await members.register()
    [grant] = await members.rows("SELECT expires_at FROM point_grants")
    assert grant.expires_at == datetime(2030, 4, 1, 0, 0, tzinfo=JAPAN)

    clock.move(timedelta(days=30))
    async with members.browser() as browser:
        await members.log_in(browser)
        page = (await browser.get("/members/mypage")).text
    assert "2030/03/31まで" in page
