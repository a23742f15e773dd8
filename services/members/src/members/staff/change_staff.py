"""Changes of a member of staff by an owner: role, disabled or not, logins. The last owner stays one (STF-01)."""

from datetime import datetime
from uuid import UUID

from members.accounts.labels import role_label
from members.deeds.rows import DeedKind, Doer, Traces, note_deed
from members.sessions.end_sessions import end_all_sessions
from members.staff.rows import StaffMember, lock_owners, staff_of
from members.staff.standing import Standing, set_standing
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.web.staff_rights import Role


async def change_role(tx: Tx, member_id: UUID, role: Role, *, seen: str, by: Doer, at: datetime) -> bool:
    """Change the role and end all logins of the person, who then gets the new rights at the next one.

    ``seen`` is the role that the owner saw. Returns False if the person has the role already. Raises Refused for the
    last owner, and if somebody else changed the role meanwhile.
    """
    staff = await _locked(tx, member_id, at=at)
    if staff.role == role:
        return False
    if staff.role != seen:
        message = "ほかの人がこのスタッフの役割を変更しました。画面を開き直してください。"
        raise Refused("role_changed_meanwhile", message, status=409)
    await set_standing(tx, member_id, Standing(role, staff.disabled_at), at=at)
    await _note(tx, staff, "role_changed", by, before=role_label(staff.role), after=role_label(role), at=at)
    await end_all_sessions(tx, member_id, at=at)
    return True


async def disable_staff(tx: Tx, member_id: UUID, *, by: Doer, at: datetime) -> None:
    """End all logins of the person, who cannot log in at the desk any more. Raises Refused for the last owner."""
    staff = await _locked(tx, member_id, at=at)
    if staff.disabled_at is not None:
        return
    await set_standing(tx, member_id, Standing(staff.role, at), at=at)
    await _note(tx, staff, "staff_disabled", by, before="有効", after="停止中", at=at)
    await end_all_sessions(tx, member_id, at=at)


async def enable_staff(tx: Tx, member_id: UUID, *, by: Doer, at: datetime) -> None:
    """Let a disabled person log in again, with the same role."""
    staff = await _locked(tx, member_id, at=at)
    if staff.disabled_at is None:
        return
    await set_standing(tx, member_id, Standing(staff.role), at=at)
    await _note(tx, staff, "staff_enabled", by, before="停止中", after="有効", at=at)


async def end_logins_of_staff(tx: Tx, member_id: UUID, *, by: Doer, at: datetime) -> int:
    """End all logins of the person, in the shop too. Return their number."""
    staff = await _locked(tx, member_id, at=at)
    ended = await end_all_sessions(tx, member_id, at=at)
    await _note(tx, staff, "sessions_ended", by, before=f"{ended}件", after="0件", at=at)
    return ended


async def _locked(tx: Tx, member_id: UUID, *, at: datetime) -> StaffMember:
    """Return the person. Whoever changes staff waits here for each other. Raises Refused for an unknown person (404)."""
    await lock_owners(tx)
    staff = await staff_of(tx, member_id, at=at)
    if staff is None:
        raise Refused("staff_unknown", "このスタッフは見つかりません。", status=404)
    return staff


async def _note(
    tx: Tx, staff: StaffMember, deed: DeedKind, by: Doer, *, before: str, after: str, at: datetime
) -> None:
    traces = Traces(before=before, after=after, about_id=staff.member_id)
    await note_deed(tx, by, deed, f"{staff.name}（{staff.email}）", traces=traces, at=at)
