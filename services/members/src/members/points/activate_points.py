"""有効にする: staff activate waiting points (PNT-07)."""

from datetime import datetime
from uuid import UUID

from members.deeds.rows import Doer, note_deed
from members.points.rows import grant_by_id, lock_known_balance, record_posting, set_grant_active
from members.points.rules import Grant, activate_posting
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import PointsActivated


async def activate_points(tx: Tx, member_id: UUID, grant_id: UUID, *, by: Doer, at: datetime) -> Grant:
    """Activate waiting points of a member and return them. The posting and the list of deeds name the member of staff.

    Raises Refused for points that do not wait or that belong to another member. Staff also cannot activate their own
    points.
    """
    if member_id == by.member_id:
        raise Refused("own_account", "ご自分のポイントは操作できません", status=403)
    known = await grant_by_id(tx, grant_id)
    if known is None or known.member_id != member_id:
        raise Refused("grant_unknown", "対象のポイントが見つかりません", status=404)
    balance = await lock_known_balance(tx, member_id)
    grant = await grant_by_id(tx, grant_id)
    if grant is None or grant.state != "waiting":
        raise Refused("points_not_waiting", "このポイントは有効待ちではありません")
    await record_posting(tx, balance, activate_posting(grant, by=by.name), at=at)
    await set_grant_active(tx, grant, at=at)
    subject = f"{grant.points:,}ポイント {grant.order_code or ''} {member_id}"
    await note_deed(tx, by, "points_activated", subject, at=at)
    tx.say(PointsActivated(member_id=member_id, points=grant.points, order_code=grant.order_code))
    return grant
