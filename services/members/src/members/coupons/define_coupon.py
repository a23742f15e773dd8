"""A new coupon: defined once and never changed (CPN-01)."""

from datetime import datetime
from uuid import UUID

from members.coupons.definitions import insert_coupon
from members.coupons.rules import Terms, check_terms
from members.deeds.rows import Doer, note_deed
from shared.database.transactions import Tx
from shared.ids import new_id


async def define_coupon(tx: Tx, terms: Terms, *, by: Doer, at: datetime) -> UUID:
    """Store a new coupon, note the deed and return the id. Raises Refused where the terms make no sense."""
    check_terms(terms, at=at)
    coupon_id = new_id()
    await insert_coupon(tx, coupon_id, terms, at=at, by=by.name)
    await note_deed(tx, by, "coupon_defined", terms.name, at=at)
    return coupon_id
