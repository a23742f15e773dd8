"""The standing of a person as staff: the role, and disabled or not. Every change of it passes here (STF-01)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from members.staff.invitations import end_invitations_to
from members.staff.rows import lock_owners, put_staff, take_role
from shared.database.transactions import Tx
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Standing:
    """A role, and since when its person is disabled."""

    role: str
    disabled_at: datetime | None = None

    @property
    def leads(self) -> bool:
        """Return whether this is an owner who is not disabled."""
        return self.role == "owner" and self.disabled_at is None


async def set_standing(tx: Tx, member_id: UUID, standing: Standing | None, *, at: datetime) -> str | None:
    """Give a member the standing, or take it away with None. Return the former role, or None if there was none.

    Open invitations to the person end: each was for somebody with another standing. Whoever changes staff waits here
    for each other. Raises Refused if no owner who is not disabled would remain.
    """
    owners = await lock_owners(tx)
    if owners == [member_id] and not (standing and standing.leads):
        message = "責任者がひとりもいなくなるため、変更できません。先にほかの人を責任者にしてください。"
        raise Refused("last_owner", message, status=409)
    await end_invitations_to(tx, member_id, at=at)
    if standing is None:
        return await take_role(tx, member_id)
    return await put_staff(tx, member_id, standing.role, standing.disabled_at, at=at)
