"""Expires points whose validity has ended."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from members.points.rows import grant_by_id, lapsed_and_consumed, lock_known_balance, record_posting
from members.points.rules import expire_posting, points_to_expire
from members.points.tables import point_grants
from shared.clock import now
from shared.database.transactions import Database
from shared.due.rows import strike_off

_LOOK_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class LapsedGrant:
    """A claimed grant whose validity has ended."""

    grant_id: UUID
    member_id: UUID
    lease: UUID


class ExpirePoints:
    """Due work that expires points whose validity has ended. The oldest points count as spent first."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, claimed: LapsedGrant) -> None:
        """Expire the remaining points of lapsed grants, for the member of the claimed grant."""
        async with self._db.transaction() as tx:
            at = now()
            balance = await lock_known_balance(tx, claimed.member_id)
            grant = await grant_by_id(tx, claimed.grant_id)
            if grant is None or grant.state != "active":
                return
            # Points reserved for an order cannot expire yet. This work runs again later.
            again_at = at + _LOOK_AGAIN if balance.reserved else None
            lapsed, consumed = await lapsed_and_consumed(tx, claimed.member_id, at=at)
            if not await strike_off(tx, point_grants, claimed.grant_id, claimed.lease, due_at=again_at):
                return
            points = points_to_expire(balance, lapsed=lapsed, consumed=consumed)
            if points:
                await record_posting(tx, balance, expire_posting(points, grant), at=at)
