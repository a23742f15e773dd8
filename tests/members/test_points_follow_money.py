"""Earned points of an order that goes on: revoked when none of its money is kept, granted again when some is."""

import pytest

from harness.together import hear_together
from members.consumers import consumers
from members.points.rules import Balance
from shared.events import PointsActivated, PointsGranted, PointsReturned
from tests.members.member_examples import a_cancellation, a_shipping, a_standing, an_order
from tests.members.members_service import MembersService


def points(balance: Balance) -> tuple[int, int, int]:
    """Return the waiting, active and owed points."""
    return balance.waiting, balance.active, balance.debt


async def test_an_order_whose_money_all_went_back_earns_nothing(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya, points=100), a_shipping())
    assert points(await members.balance(aya)) == (0, 449, 0)

    await members.hears(a_standing(kept=2_000), a_standing(revision=2), times=2)

    assert points(await members.balance(aya)) == (0, 400, 0), "points spent on the order are not touched"
    [returned] = await members.said(PointsReturned)
    assert (returned.points_returned, returned.points_revoked, returned.because) == (0, 49, "money_returned")
    async with members.browser() as phone:
        await members.log_in(phone)
        page = (await phone.get("/members/mypage")).text
    assert "全額返金による付与の取消" in page
    assert "ご注文の代金がすべて返金されたため取り消されました" in page
    assert "キャンセル" not in page


async def test_money_that_left_without_a_refund_takes_its_points(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping())
    await members.hears(a_standing(taken=0, lost=False))
    assert points(await members.balance(aya)) == (0, 550, 0), "set aside, and still here"

    await members.hears(a_standing(revision=2, taken=0, lost=True))

    assert points(await members.balance(aya)) == (0, 500, 0)
    await members.hears(a_standing(revision=3, kept=5_600, lost=False))
    assert points(await members.balance(aya)) == (0, 550, 0)


async def test_after_a_part_refund_earned_points_stay(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping(), a_standing(kept=1))

    assert points(await members.balance(aya)) == (0, 550, 0)


async def test_points_of_an_unshipped_refunded_order_are_revoked(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_standing(), a_shipping())

    assert points(await members.balance(aya)) == (0, 500, 0)
    assert await members.said(PointsActivated) == []


async def test_revoked_points_that_were_spent_are_owed(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping(), an_order("N-2", member_id=aya, points=540))

    await members.hears(a_standing())

    assert (await members.balance(aya)).active == 0
    assert (await members.balance(aya)).debt == 40
    [returned] = await members.said(PointsReturned)
    assert (returned.points_revoked, returned.points_owed) == (10, 40)


async def test_money_that_is_here_again_earns_its_points_again(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping())

    for turn in range(3):
        await members.hears(a_standing(revision=2 * turn + 1))
        assert points(await members.balance(aya)) == (0, 500, 0)
        await members.hears(a_standing(revision=2 * turn + 2, kept=600), times=2)
        assert points(await members.balance(aya)) == (0, 550, 0)

    lines = await members.rows(
        "SELECT kind, waiting + active AS change FROM point_postings WHERE order_code = 'N-1001' ORDER BY number"
    )
    turns = [("revoked", -50), ("granted", 50)] * 3
    assert [(line.kind, line.change) for line in lines] == [("granted", 50), ("activated", 0), *turns]
    again = (await members.said(PointsGranted))[2:]
    assert [(event.points, event.state, event.reason) for event in again] == [(50, "active", "purchase")] * 3
    async with members.browser() as phone:
        await members.log_in(phone)
        assert "購入ポイントの再付与 +50" in (await phone.get("/members/mypage")).text


@pytest.mark.parametrize("shipped", ["before", "meanwhile", "later"])
async def test_points_earned_again_are_valid_once_it_is_shipped(
    members: MembersService, shipped: str
) -> None:
    aya = await members.register()
    gone, here = a_standing(), a_standing(revision=2, kept=5_600)
    order = an_order(member_id=aya)
    place = {"before": 1, "meanwhile": 2, "later": 3}[shipped]
    story = [order, gone, here]
    story.insert(place, a_shipping())

    await members.hears(*story)

    assert points(await members.balance(aya)) == (0, 550, 0)


async def test_an_older_standing_of_the_money_changes_nothing(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping())

    await members.hears(a_standing(revision=3, kept=600), a_standing(revision=2))

    assert points(await members.balance(aya)) == (0, 550, 0)


async def test_a_standing_heard_before_its_order_waits_for_it(members: MembersService) -> None:
    aya = await members.register()
    with pytest.raises(Exception, match="not known yet"):
        await members.hears(a_standing())

    await members.hears(an_order(member_id=aya), a_standing())

    assert points(await members.balance(aya)) == (0, 500, 0)


async def test_standings_of_one_batch_count_as_the_newest_does(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_shipping())

    told = [a_standing(revision=2, kept=600), a_standing(), a_standing(revision=3)]
    await hear_together(members.db, consumers, told)

    assert points(await members.balance(aya)) == (0, 500, 0)


async def test_a_cancellation_takes_the_points_once(members: MembersService) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya, points=200), a_shipping(), a_standing(), a_cancellation())
    assert points(await members.balance(aya)) == (0, 500, 0)

    await members.hears(a_standing(revision=2, kept=600))

    assert points(await members.balance(aya)) == (0, 500, 0), "a cancelled order earns nothing any more"


@pytest.mark.parametrize(("kept", "taken"), [(0, 0), (None, 5_600)])
async def test_money_that_never_paid_the_order_revokes_nothing(
    members: MembersService, kept: int | None, taken: int
) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya), a_standing(kept=kept, taken=taken))

    assert points(await members.balance(aya)) == (50, 500, 0)


async def test_a_guest_order_has_no_points_to_follow(members: MembersService) -> None:
    await members.hears(an_order(), a_standing(), a_standing(revision=2, kept=1))

    assert await members.said() == []
