"""Issues a coupon to selected members (CPN-03)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.accounts.rows import member_by_id
from members.coupons.definitions import DefinedCoupon, coupon_by_id, insert_issue
from members.deeds.rows import Doer, note_deed
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import CouponIssued
from shared.ids import new_id

MEMBERS_MAX = 200


@dataclass(frozen=True)
class Issued:
    """The result for one member: issued, or the reason why not."""

    member_id: UUID
    name: str
    ok: bool
    text: str


async def issue_coupon(
    tx: Tx, coupon_id: UUID, member_ids: Sequence[UUID], *, by: Doer, at: datetime
) -> list[Issued]:
    """Issue a coupon to members, once to each, and note the deed. Unknown members and present holders are skipped.

    Raises Refused for an unknown or expired coupon, and if no member or too many are selected.
    """
    chosen = list(dict.fromkeys(member_ids))
    if not chosen:
        raise Refused("nobody_chosen", "会員を1人以上選んでください", status=422)
    if len(chosen) > MEMBERS_MAX:
        raise Refused("too_many_chosen", f"一度に発行できるのは{MEMBERS_MAX}人までです", status=422)
    coupon = await coupon_by_id(tx, coupon_id)
    if coupon is None:
        raise Refused("coupon_unknown", "このクーポンは見つかりません", status=404)
    if coupon.expires_at <= at:
        raise Refused("coupon_expired", "有効期限を過ぎたクーポンは発行できません", status=409)
    found = []
    for member_id in chosen:
        member = await member_by_id(tx, member_id)
        if member is None:
            found.append(Issued(member_id, "", False, "この会員は見つかりません"))
            continue
        if member.staff_role is not None:
            # Staff cannot issue coupons to themselves or to other staff.
            found.append(Issued(member_id, member.name, False, "スタッフのアカウントには発行できません"))
            continue
        issue_id = new_id()
        if not await insert_issue(tx, issue_id, coupon, member_id, at=at, by=by.name):
            found.append(Issued(member_id, member.name, False, "すでに発行されています"))
            continue
        tx.say(
            CouponIssued(
                member_id=member_id,
                coupon_id=coupon_id,
                issue_id=issue_id,
                name=coupon.name,
                kind=coupon.kind,
                value=coupon.value,
                expires_at=coupon.expires_at,
            )
        )
        found.append(Issued(member_id, member.name, True, "発行しました"))
    given = [one.name for one in found if one.ok]
    if given:
        await note_deed(tx, by, "coupon_issued", _told(coupon, given), at=at)
    return found


def _told(coupon: DefinedCoupon, given: Sequence[str]) -> str:
    """Return the text of the deed: the coupon with its id, as names may repeat, and the members."""
    return f"{coupon.name}（{coupon.coupon_id}）：{len(given):,}人: {'、'.join(given)}"
