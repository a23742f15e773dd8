"""What becomes of an order's points after it was placed: valid, given back, taken back, expired."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from members.domain.ledger import (
    Grant,
    activate_posting,
    expire_posting,
    points_to_expire,
    return_posting,
    revoke_posting,
)
from members.domain.rules import Activation
from members.storage.orders import lock_order, set_cancelled
from members.storage.points import (
    grant_by_id,
    lapsed_and_consumed,
    lock_known_balance,
    points_spent,
    purchase_grant,
    recheck_lapsed,
    record_posting,
    set_grant_active,
    set_grant_revoked,
)
from members.storage.tables import point_grants
from shared.clock import now
from shared.database import Database, Tx
from shared.due import strike_off
from shared.errors import Refused, TryAgain
from shared.events import PointsActivated, PointsReturned

_LOOK_AGAIN = timedelta(minutes=5)


async def activate_order_points(
    tx: Tx, order_code: str, *, mode: Activation, at: datetime
) -> PointsActivated | None:
    """Make the points of an order valid if they wait for ``mode`` (PNT-08, PNT-09), exactly once.

    Raises TryAgain while the order itself is not known yet.
    """
    order = await lock_order(tx, order_code)
    if order is None:
        raise TryAgain("the order is not known yet")
    earned = await purchase_grant(tx, order_code)
    if earned is None or earned[1] != mode:
        return None
    return await _activate(tx, earned[0], at=at)


async def activate_by_staff(tx: Tx, grant_id: UUID, *, by: str, at: datetime) -> PointsActivated:
    """Make waiting points valid because staff say so (PNT-07). Raises Refused if they do not wait."""
    grant = await grant_by_id(tx, grant_id)
    if grant is None:
        raise Refused("grant_unknown", "対象のポイントが見つかりません", status=404)
    activated = await _activate(tx, grant, at=at, by=by)
    if activated is None:
        raise Refused("points_not_waiting", "このポイントは有効待ちではありません")
    return activated


async def _activate(tx: Tx, grant: Grant, *, at: datetime, by: str = "") -> PointsActivated | None:
    balance = await lock_known_balance(tx, grant.member_id)
    current = await grant_by_id(tx, grant.grant_id)
    if current is None or current.state != "waiting":
        return None
    await record_posting(tx, balance, activate_posting(current, by=by), at=at)
    await set_grant_active(tx, current, at=at)
    return PointsActivated(member_id=grant.member_id, points=grant.points, order_code=grant.order_code)


async def return_order_points(tx: Tx, order_code: str, *, at: datetime) -> PointsReturned | None:
    """Give back what a cancelled order spent and take back what it earned (PNT-22).

    The member is not touched: cancelled orders have no consequences for an account (KON-34). Registration
    points stay, because the registration stays. Raises TryAgain while the order is not known yet.
    """
    order = await lock_order(tx, order_code)
    if order is None:
        raise TryAgain("the order is not known yet")
    if order.cancelled_at is not None:
        return None
    await set_cancelled(tx, order_code, at=at)
    spent = await points_spent(tx, order_code)
    if spent is not None:
        spender = await lock_known_balance(tx, spent.member_id)
        await record_posting(tx, spender, return_posting(spent.points, order_code=order_code), at=at)
        await recheck_lapsed(tx, spent.member_id, at=at)
    revoked = await _revoke(tx, order_code, at=at)
    if spent is None and not revoked:
        return None
    return PointsReturned(
        member_id=spent.member_id if spent is not None else order.member_id,
        points_returned=spent.points if spent is not None else 0,
        points_revoked=revoked,
        order_code=order_code,
    )


async def _revoke(tx: Tx, order_code: str, *, at: datetime) -> int:
    """Take back what the order earned; return how many points that were."""
    earned = await purchase_grant(tx, order_code)
    if earned is None:
        return 0
    balance = await lock_known_balance(tx, earned[0].member_id)
    grant = await grant_by_id(tx, earned[0].grant_id)
    if grant is None or grant.state == "revoked":
        return 0
    posting = revoke_posting(balance, grant)
    await record_posting(tx, balance, posting, at=at)
    await set_grant_revoked(tx, grant)
    return -(posting.waiting + posting.active)


class ExpirePoints:
    """Due work: ends the validity of points whose time is over; the oldest count as spent first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, row: Row[Any]) -> None:
        """Expire what the member of the claimed grant has left of lapsed grants."""
        async with self._db.transaction() as tx:
            at = now()
            balance = await lock_known_balance(tx, row.member_id)
            grant = await grant_by_id(tx, row.grant_id)
            if grant is None or grant.state != "active":
                return
            # What is set aside for an order is decided when that order is; then we look again.
            again_at = at + _LOOK_AGAIN if balance.held else None
            lapsed, consumed = await lapsed_and_consumed(tx, row.member_id, at=at)
            if not await strike_off(tx, point_grants, row.grant_id, row.lease, due_at=again_at):
                return
            points = points_to_expire(balance, lapsed=lapsed, consumed=consumed)
            if points:
                await record_posting(tx, balance, expire_posting(points, grant), at=at)
