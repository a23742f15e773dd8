"""The pictures of listings, for browsers."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from checkout.catalogue.keep_pictures import KEPT_AS
from checkout.catalogue.rules import GOODS_PATH
from shared.files.store import Files
from shared.web.parts import CurrentParts
from shared.web.stored_files import picture_answer

router = APIRouter(include_in_schema=False)


@router.get(GOODS_PATH + "/{kind}/{file_id}")
async def show_picture(request: Request, parts: CurrentParts, kind: str, file_id: UUID) -> Response:
    """Send a picture. Its address contains the key of the file, which cannot be guessed."""
    return await picture_answer(request, parts[Files], KEPT_AS, kind, file_id, name="goods")
