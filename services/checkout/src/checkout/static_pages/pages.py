"""The pages as buyers read them."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from checkout.static_pages.markdown import to_html
from checkout.static_pages.rules import PATH, subject_of
from shared.errors import Refused
from shared.shop.settings.rows import read_subject
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.get(PATH + "/{key}")
async def show_page(request: Request, parts: CurrentParts, key: str) -> Response:
    """Show one page as it is now. Raises Refused (404) if there is none called ``key``."""
    subject = subject_of(key)
    if subject is None:
        raise Refused("page_unknown", "このページは見つかりませんでした。", status=404)
    async with parts.db.transaction() as tx:
        page = await read_subject(tx, subject)
    return parts.pages.render(
        request, "shop_page.html", key=key, title=subject.called, body=to_html(page.text) if page.text else ""
    )
