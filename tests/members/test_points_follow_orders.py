"""Points of an order: granted waiting, valid when shipped, spent once, back when cancelled."""

from datetime import timedelta

import pytest

from shared import clock
from shared.events import (
    BenefitShortageFound,
    OrderProcessed,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
)
from tests.members.member_examples import a_cancellation, a_shipping, an_order
from tests.members.members_service import MembersService


@pytest.mark.feature("PNT-04")
async def test_an_order_of_5000_yen_at_one_percent_leaves_50_waiting(
    members: MembersService,
) -> None:
    aya = await members.register()

    await members.hears(an_order(member_id=aya, items=5_000))

    balance = await members.balance(aya)
    assert (balance.waiting, balance.active) == (50, 500)
    [granted] = [event for event in await members.said(PointsGranted) if event.reason == "purchase"]
    assert (granted.points, granted.state, granted.order_code) == (50, "pending", "N-1001")


async def test_points_are_earned_on_what_was_paid_for_the_goods(members: MembersService) -> None:
    aya = await members.register()

    await members.hears(an_order(member_id=aya, items=5_000, points=300, coupon=701, shipping=1_000))

    assert (await members.balance(aya)).waiting == 39  # 1 % of 3,999, rounded down


async def test_what_is_spent_of_an_empty_balance_is_all_owed(members: MembersService) -> None:
    await members.rule(registration_points=0)
    aya = await members.register()

    await members.hears(an_order(member_id=aya, points=300))

    assert (await members.balance(aya)).debt == 300
    assert [event.missing for event in await members.said(BenefitShortageFound)] == [300]
    assert await members.said(PointsUsed) == []


@pytest.mark.feature("PNT-08")
async def test_points_become_valid_once_when_the_order_is_shipped(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya))

    await members.hears(a_shipping(), times=2)
    await members.hears(a_shipping())

    balance = await members.balance(aya)
    assert (balance.waiting, balance.active) == (0, 550)
    assert [event.points for event in await members.said(PointsActivated)] == [50]


async def test_a_partial_shipping_activates_nothing(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya))

    await members.hears(a_shipping(fully=False))

    assert (await members.balance(aya)).waiting == 50


async def test_shipping_heard_before_the_order_waits_for_it(members: MembersService) -> None:
    with pytest.raises(Exception, match="not known yet"):
        await members.hears(a_shipping())
    with pytest.raises(Exception, match="not known yet"):
        await members.hears(a_cancellation())


@pytest.mark.feature("PNT-09")
async def test_on_processed_points_wait_through_shipping(members: MembersService) -> None:
    await members.rule(purchase_activation="on_processed")
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping())
    assert (await members.balance(aya)).waiting == 50

    await members.hears(OrderProcessed(order_code="N-1001", by="店長"))

    assert (await members.balance(aya)).waiting == 0


@pytest.mark.feature("PNT-07")
async def test_manual_points_wait_through_shipping_and_processing(members: MembersService) -> None:
    await members.rule(purchase_activation="manual")
    aya = await members.register()

    await members.hears(an_order(member_id=aya), a_shipping(), OrderProcessed(order_code="N-1001", by="店長"))

    assert (await members.balance(aya)).waiting == 50


@pytest.mark.feature("PNT-06")
async def test_a_change_of_mode_counts_for_later_orders_only(members: MembersService) -> None:
    aya = await members.register()
    before = an_order("N-1", member_id=aya)
    clock.clock.move(timedelta(minutes=1))
    await members.rule(purchase_activation="manual")
    clock.clock.move(timedelta(minutes=1))

    # The first order is heard late, after the change, and still keeps the mode of its time.
    await members.hears(before, an_order("N-2", member_id=aya))
    await members.hears(a_shipping("N-1"), a_shipping("N-2"))

    balance = await members.balance(aya)
    assert (balance.active, balance.waiting) == (550, 50)


@pytest.mark.feature("PNT-05")
async def test_without_points_no_point_record_exists(members: MembersService) -> None:
    await members.rule(points_enabled=False)
    aya = await members.register()

    await members.hears(an_order(member_id=aya), a_shipping())

    assert await members.rows("SELECT 1 FROM point_postings") == []
    assert await members.rows("SELECT 1 FROM point_grants") == []


@pytest.mark.feature("PNT-22")
@pytest.mark.feature("KON-34", clause="member stays active")
@pytest.mark.feature("ORD-21", clause="points returned")
async def test_cancelled_orders_return_points_and_void_their_grants(
    members: MembersService,
) -> None:
    aya = await members.register()

    for number in range(10):
        await members.hears(an_order(f"N-{number}", member_id=aya, points=200))
        assert (await members.balance(aya)).active == 300
        await members.hears(a_cancellation(f"N-{number}"), times=2)

    balance = await members.balance(aya)
    assert (balance.active, balance.waiting) == (500, 0)
    returned = await members.said(PointsReturned)
    assert [(event.points_returned, event.points_revoked) for event in returned] == [(200, 48)] * 10
    async with members.browser() as browser:
        assert (await members.log_in(browser)).status_code == 303


async def test_shipping_after_a_cancellation_revives_nothing(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_cancellation(), a_shipping())

    balance = await members.balance(aya)
    assert (balance.active, balance.waiting) == (500, 0)


async def test_spent_points_of_a_cancelled_order_become_a_shortage(
    members: MembersService,
) -> None:
    aya = await members.register()
    await members.hears(an_order("N-1", member_id=aya, items=20_000), a_shipping("N-1"))
    await members.hears(an_order("N-2", member_id=aya, items=20_000, points=690))
    assert (await members.balance(aya)).active == 10

    await members.hears(a_cancellation("N-1"))

    assert (await members.balance(aya)).active == 0
    [line] = await members.rows("SELECT active, shortage FROM point_postings WHERE kind = 'revoked'")
    assert (line.active, line.shortage) == (-10, 190)


async def test_an_order_said_again_under_another_event_id_counts_once(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya, points=100))
    await members.hears(an_order(member_id=aya, points=100))

    assert (await members.balance(aya)).active == 400
    assert len(await members.said(PointsUsed)) == 1


@pytest.mark.feature("AP-18", clause="no member, no points")
async def test_a_guest_order_makes_no_member_and_no_points(members: MembersService) -> None:
    await members.hears(an_order(amazon_buyer_id="amzn1.account.GUEST"), a_shipping(), a_cancellation())

    assert await members.rows("SELECT 1 FROM members") == []
    assert await members.said() == []
