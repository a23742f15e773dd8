"""What staff see of one mail."""

from uuid import UUID

import httpx


async def seen_by_staff(staff: httpx.AsyncClient, mail_id: UUID) -> list[str]:
    """The pages of the log on which a mail's text stands."""
    paths = (f"/desk/mails/{mail_id}", f"/desk/mails/{mail_id}/html")
    return [(await staff.get(path)).text for path in paths]
