"""Labels of the states of staff."""

from members.staff.rows import StaffMember
from shared.shop.labels import Badge


def state_of(one: StaffMember) -> Badge:
    """Return whether a member of staff may log in at the desk."""
    return ("有効", "done") if one.disabled_at is None else ("停止中", "stop")
