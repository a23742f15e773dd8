"""Points at the edges of their rules: strangers, second tries, and workers that come too late."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from members.benefits.release_benefit import ReleaseBenefits
from members.benefits.reserve_benefit import RESERVED_FOR, reserve_benefit, reserve_registration_points
from members.benefits.tables import benefit_reservations
from members.points.activate_points import activate_points
from members.points.expire_points import ExpirePoints
from members.points.rows import balance_of, lock_known_balance
from members.points.rules import NotEnoughPoints
from members.points.tables import point_grants
from shared.clock import clock, now
from shared.due.rows import claim_due
from shared.errors import Refused
from shared.events import PointsReturned
from shared.ids import new_id
from tests.members.member_examples import MANAGER, a_cancellation, an_order
from tests.members.members_service import MembersService


async def grant_id(members: MembersService, reason: str) -> Any:
    """The only grant of a reason."""
    [row] = await members.rows("SELECT grant_id FROM point_grants WHERE reason = :reason", reason=reason)
    return row.grant_id


async def test_staff_make_points_valid_once_and_only_existing_ones(members: MembersService) -> None:
    member_id = await members.register()
    await members.hears(an_order(member_id=member_id, items=5_000))
    waiting = await grant_id(members, "purchase")
    async with members.db.transaction() as tx:
        with pytest.raises(Refused, match="対象のポイントが見つかりません") as refused:
            await activate_points(tx, member_id, new_id(), by=MANAGER, at=now())
        assert (refused.value.code, refused.value.status) == ("grant_unknown", 404)
        made = await activate_points(tx, member_id, waiting, by=MANAGER, at=now())
        assert (made.member_id, made.points, made.order_code) == (member_id, 50, "N-1001")
        with pytest.raises(Refused, match="points_not_waiting: このポイントは有効待ちではありません"):
            await activate_points(tx, member_id, waiting, by=MANAGER, at=now())
    [line] = await members.rows("SELECT * FROM point_postings WHERE kind = 'activated'")
    assert (line.by, line.waiting, line.active) == ("店長", -50, 50)


async def test_a_stranger_has_an_empty_balance_and_none_to_lock(members: MembersService) -> None:
    stranger = new_id()
    async with members.db.transaction() as tx:
        assert (await balance_of(tx, stranger)).available == 0
        with pytest.raises(LookupError, match=str(stranger)):
            await lock_known_balance(tx, stranger)


async def test_an_order_whose_grant_is_gone_already_gives_nothing_back(members: MembersService) -> None:
    member_id = await members.register()
    await members.hears(an_order(member_id=member_id, items=5_000))
    await members.rows("UPDATE point_grants SET state = 'revoked' WHERE reason = 'purchase' RETURNING 1")
    await members.hears(a_cancellation())
    assert await members.said(PointsReturned) == []
    assert (await members.balance(member_id)).waiting == 50


async def lapsed(members: MembersService) -> Any:
    """A member whose registration points have just lapsed; the claimed row."""
    await members.rule(valid_days=3)
    await members.register()
    clock.move(timedelta(days=4, seconds=1))
    async with members.db.transaction() as tx:
        [row] = await claim_due(tx, point_grants, rows_max=9, at=now())
    return row


async def test_a_worker_that_lost_its_lease_expires_nothing(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_grants SET lease = gen_random_uuid() RETURNING 1")
    await ExpirePoints(members.db)(row)
    assert (await members.balance(row.member_id)).active == 500


async def test_a_grant_taken_back_meanwhile_does_not_expire_as_well(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_grants SET state = 'revoked' RETURNING 1")
    await ExpirePoints(members.db)(row)
    assert (await members.balance(row.member_id)).active == 500


async def test_points_set_aside_are_looked_at_again_five_minutes_later(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_balances SET held = 120 RETURNING 1")
    await ExpirePoints(members.db)(row)
    balance = await members.balance(row.member_id)
    assert (balance.active, balance.reserved) == (120, 120)
    [grant] = await members.rows("SELECT due_at FROM point_grants")
    assert timedelta(minutes=4, seconds=50) < grant.due_at - now() <= timedelta(minutes=5)


async def test_with_nothing_left_to_expire_no_line_is_ever_written(
    members: MembersService,
) -> None:
    await members.rule(valid_days=3, purchase_percent=Decimal(0))
    member_id = await members.register()
    await members.hears(an_order(member_id=member_id, points=500))
    clock.move(timedelta(days=4, seconds=1))
    async with members.db.transaction() as tx:
        [row] = await claim_due(tx, point_grants, rows_max=9, at=now())
    await ExpirePoints(members.db)(row)
    assert [line.kind for line in await members.rows("SELECT kind FROM point_postings ORDER BY number")] == [
        "granted",
        "used",
    ]
    [grant] = await members.rows("SELECT due_at FROM point_grants")
    assert grant.due_at is None


async def test_a_cancellation_told_again_gives_nothing_back_twice(members: MembersService) -> None:
    member_id = await members.register()
    await members.hears(an_order(member_id=member_id, points=200), a_cancellation(), a_cancellation())
    assert [event.points_returned for event in await members.said(PointsReturned)] == [200]
    assert (await members.balance(member_id)).active == 500


async def refusal(members: MembersService, points: int = 100, email: str = "new@example.jp") -> str:
    """Why a buyer who would register may not set points aside; empty if they may."""
    try:
        async with members.db.transaction() as tx:
            await reserve_registration_points(tx, buyer_id="amzn1.NEW", email=email, points=points, at=now())
    except Refused as refused:
        return refused.code
    return ""


async def test_sign_up_points_are_set_aside_only_where_soon_valid(
    members: MembersService,
) -> None:
    await members.register("known@example.jp")
    assert await refusal(members, email="known@example.jp") == "login_needed"
    assert await refusal(members, points=501) == "not_enough_points"
    assert await refusal(members, points=500) == ""
    assert await refusal(members, points=300) == "", "changed by the same buyer"
    [row] = await members.rows("SELECT points, points_held, registration FROM benefit_reservations")
    assert (row.points, row.points_held, row.registration) == (300, 500, True)
    await members.rule(registration_activation="manual")
    assert await refusal(members) == "points_not_valid_yet"
    await members.rule(points_enabled=False)
    assert await refusal(members) == "points_off"


async def test_a_stranger_and_a_shop_without_points_set_nothing_aside(members: MembersService) -> None:
    member_id = await members.register()
    async with members.db.transaction() as tx:
        with pytest.raises(NotEnoughPoints, match="0ポイントです"):
            await reserve_benefit(tx, member_id=new_id(), points=1, at=now())
    await members.rule(points_enabled=False)
    async with members.db.transaction() as tx:
        with pytest.raises(Refused, match="points_off"):
            await reserve_benefit(tx, member_id=member_id, points=1, at=now())
    assert await members.rows("SELECT 1 FROM benefit_reservations") == []


async def set_aside(members: MembersService) -> Any:
    """A member with 200 points set aside too long; the claimed row."""
    member_id = await members.register()
    async with members.db.transaction() as tx:
        await reserve_benefit(tx, member_id=member_id, points=200, at=now())
    clock.move(RESERVED_FOR)
    async with members.db.transaction() as tx:
        [row] = await claim_due(tx, benefit_reservations, rows_max=9, at=now())
    return row


@pytest.mark.parametrize(
    ("meanwhile", "held"),
    [
        ("UPDATE benefit_reservations SET points = points RETURNING 1", 0),
        ("UPDATE benefit_reservations SET lease = gen_random_uuid() RETURNING 1", 200),
        ("UPDATE benefit_reservations SET status = 'committed' RETURNING 1", 200),
        ("UPDATE benefit_reservations SET due_at = due_at + interval '9 minutes' RETURNING 1", 200),
    ],
)
async def test_unclaimed_points_are_freed_unless_something_happened(
    members: MembersService, meanwhile: str, held: int
) -> None:
    row = await set_aside(members)
    await members.rows(meanwhile)
    await ReleaseBenefits(members.db)(row)
    assert (await members.balance(row.member_id)).reserved == held
    [after] = await members.rows("SELECT status FROM benefit_reservations")
    assert after.status == ("released" if not held else "committed" if "committed" in meanwhile else "held")


async def test_a_buyer_unknown_here_leaves_a_note_and_the_order_stands(members: MembersService) -> None:
    await members.hears(an_order(member_id=new_id(), points=300))
    [row] = await members.rows("SELECT member_id, points_used, note FROM member_orders")
    assert (row.member_id, row.points_used) == (None, 0)
    assert row.note == "member_unknown points_short:300"
