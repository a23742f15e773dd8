"""Releases reservations for which no order came."""

from dataclasses import dataclass
from uuid import UUID

from members.benefits.rows import end_reservation, lock_reservation
from members.benefits.tables import benefit_reservations
from members.coupons.use_coupon import release_coupons
from members.points.rows import lock_balance, store_balance
from shared.clock import now
from shared.database.transactions import Database
from shared.due.rows import strike_off


@dataclass(frozen=True, slots=True)
class OverdueReservation:
    """A claimed reservation without an order."""

    reservation_id: UUID
    member_id: UUID
    registration: bool
    lease: UUID


class ReleaseBenefits:
    """Due work that releases reservations without an order."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __call__(self, claimed: OverdueReservation) -> None:
        """Release the claimed reservation unless it was renewed or committed meanwhile."""
        async with self._db.transaction() as tx:
            balance = None if claimed.registration else await lock_balance(tx, claimed.member_id)
            reservation = await lock_reservation(tx, claimed.reservation_id)
            if reservation is None or reservation.status != "held":
                return
            renewed = reservation.due_at is not None and reservation.due_at > now()
            due_at = reservation.due_at if renewed else None
            if not await strike_off(
                tx, benefit_reservations, claimed.reservation_id, claimed.lease, due_at=due_at
            ):
                return
            if renewed:
                return
            await end_reservation(tx, claimed.reservation_id, status="released", at=now())
            await release_coupons(tx, claimed.reservation_id, at=now())
            if balance is not None:
                await store_balance(tx, balance.release(reservation.points_reserved))
