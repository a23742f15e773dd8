"""The member of staff who acts at the desk."""

from fastapi import Request

from members.deeds.rows import Doer
from members.viewer import address_of, member_id_of
from shared.web.deeds import name_of
from shared.web.device import device_of
from shared.web.session import Viewer


def doer(request: Request, seen: Viewer) -> Doer:
    """Return the acting member of staff, for the list of deeds."""
    return Doer(member_id_of(seen), name_of(seen), address_of(request), device_of(request))
