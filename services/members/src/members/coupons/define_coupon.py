"""Defines a coupon, once and unchangeably (CPN-01)."""

from datetime import datetime
from uuid import UUID

from members.coupons.definitions import coupon_by_id, insert_coupon
from members.coupons.rules import CouponTerms, check_terms
from members.deeds.rows import Doer, note_deed
from shared.database.transactions import Tx
from shared.errors import Refused


async def define_coupon(tx: Tx, coupon_id: UUID, terms: CouponTerms, *, by: Doer, at: datetime) -> None:
    """Store a new coupon with the id from its form, once for any number of submissions, and note the deed.

    Raises Refused if the terms make no sense, and Refused(recorded_already) for the id of another coupon.
    """
    check_terms(terms, at=at)
    if await insert_coupon(tx, coupon_id, terms, at=at, by=by.name):
        await note_deed(tx, by, "coupon_defined", f"{terms.name}（{coupon_id}）", at=at)
        return
    known = await coupon_by_id(tx, coupon_id)
    if known is None or not known.has(terms):
        raise Refused("recorded_already", "このクーポンは登録済みです。一覧で内容を確認してください。")
