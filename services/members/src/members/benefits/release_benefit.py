"""What was set aside for an order that never came is released."""

from members.benefits.rows import end_reservation, lock_reservation
from members.benefits.tables import benefit_reservations
from members.coupons.use_coupon import release_coupons
from members.points.rows import lock_balance, store_balance
from shared.clock import now
from shared.database import Database
from shared.due import strike_off
from shared.sql import Row


class ReleaseBenefits:
    """Due work: releases what no order came for."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, row: Row) -> None:
        """Release the claimed reservation unless it was renewed or committed meanwhile."""
        async with self._db.transaction() as tx:
            balance = None if row.registration else await lock_balance(tx, row.member_id)
            reservation = await lock_reservation(tx, row.reservation_id)
            if reservation is None or reservation.status != "held":
                return
            renewed = reservation.due_at is not None and reservation.due_at > now()
            due_at = reservation.due_at if renewed else None
            if not await strike_off(tx, benefit_reservations, row.reservation_id, row.lease, due_at=due_at):
                return
            if renewed:
                return
            await end_reservation(tx, row.reservation_id, status="released", at=now())
            await release_coupons(tx, row.reservation_id, at=now())
            if balance is not None:
                await store_balance(tx, balance.unhold(reservation.points_held))
