"""The logo of the shop, for browsers and mail programs."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.shop.identity import LOGO_PATH
from shared.files.kinds import JPEG, PNG, WEBP
from shared.files.store import Files
from shared.web.parts import CurrentParts
from shared.web.stored_files import picture_answer

router = APIRouter(include_in_schema=False)

_KINDS = {f"logo_{kind.picture.lower()}": kind for kind in (PNG, JPEG, WEBP)}


@router.get(LOGO_PATH + "/{kind}/{file_id}")
async def show_logo(request: Request, parts: CurrentParts, kind: str, file_id: UUID) -> Response:
    """Send a logo, also a former one: mails show it by its address."""
    return await picture_answer(request, parts[Files], _KINDS, kind, file_id, name="logo")
