"""Points at the edges of their rules: strangers, second tries, and workers that come too late."""

from datetime import timedelta
from typing import Any

import pytest

from members.settle_points import ExpirePoints, activate_by_staff
from members.storage.points import balance_of, lock_known_balance
from members.storage.tables import point_grants
from shared.clock import clock, now
from shared.due import claim_due
from shared.errors import Refused
from shared.events import PointsReturned
from shared.ids import new_id
from tests.members.member_examples import a_cancellation, an_order
from tests.members.members_service import MembersService


async def grant_id(members: MembersService, reason: str) -> Any:
    """The only grant of a reason."""
    [row] = await members.rows("SELECT grant_id FROM point_grants WHERE reason = :reason", reason=reason)
    return row.grant_id


async def test_staff_make_points_valid_once_and_only_points_that_there_are(members: MembersService) -> None:
    member_id = await members.register()
    await members.hears(an_order(member_id=member_id, items=5_000))
    waiting = await grant_id(members, "purchase")
    async with members.db.transaction() as tx:
        with pytest.raises(Refused, match="対象のポイントが見つかりません") as refused:
            await activate_by_staff(tx, new_id(), by="店長", at=now())
        assert (refused.value.code, refused.value.status) == ("grant_unknown", 404)
        made = await activate_by_staff(tx, waiting, by="店長", at=now())
        assert (made.member_id, made.points, made.order_code) == (member_id, 50, "N-1001")
        with pytest.raises(Refused, match="points_not_waiting: このポイントは有効待ちではありません"):
            await activate_by_staff(tx, waiting, by="店長", at=now())
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
    clock.move(timedelta(days=3, seconds=1))
    async with members.db.transaction() as tx:
        [row] = await claim_due(tx, point_grants, rows_max=9, at=now())
    return row


async def test_a_worker_that_lost_its_lease_expires_nothing(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_grants SET lease = gen_random_uuid() RETURNING 1")
    await ExpirePoints(members.db)(row)
    assert (await members.balance(row.member_id)).active == 500


async def test_a_grant_that_was_taken_back_meanwhile_does_not_expire_as_well(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_grants SET state = 'revoked' RETURNING 1")
    await ExpirePoints(members.db)(row)
    assert (await members.balance(row.member_id)).active == 500


async def test_points_set_aside_are_looked_at_again_five_minutes_later(members: MembersService) -> None:
    row = await lapsed(members)
    await members.rows("UPDATE point_balances SET held = 120 RETURNING 1")
    await ExpirePoints(members.db)(row)
    balance = await members.balance(row.member_id)
    assert (balance.active, balance.held) == (120, 120)
    [grant] = await members.rows("SELECT due_at FROM point_grants")
    assert timedelta(minutes=4, seconds=50) < grant.due_at - now() <= timedelta(minutes=5)
