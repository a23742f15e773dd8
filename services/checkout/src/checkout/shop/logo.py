"""The logo of the shop, for browsers and mail programs."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from checkout.shop.identity import LOGO_PATH
from shared.files.kinds import JPEG, PNG, WEBP
from shared.files.store import Files
from shared.web.parts import CurrentParts
from shared.web.stored_files import file_answer

router = APIRouter(include_in_schema=False)

_KINDS = {f"logo_{kind.picture.lower()}": kind for kind in (PNG, JPEG, WEBP)}


@router.get(LOGO_PATH + "/{kind}/{file_id}")
async def show_logo(request: Request, parts: CurrentParts, kind: str, file_id: UUID) -> Response:
    """Send a logo, also a former one: mails show it by its address."""
    found = _KINDS.get(kind)
    if found is None:
        raise HTTPException(404)
    return await file_answer(
        request,
        parts[Files],
        f"{kind}/{file_id}",
        media_type=found.media_type,
        name=f"logo{found.suffixes[0]}",
        sha256=str(file_id),
        public=True,
    )
