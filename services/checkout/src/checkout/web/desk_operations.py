"""運用: what waits for somebody, and where to look further."""

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select
from starlette.responses import Response

from checkout.storage.metadata import outbox
from checkout.storage.order_search import count_tabs, processed_but_unpaid
from shared.database import Database
from shared.web.pages import Pages
from shared.web.session import require_staff

router = APIRouter(dependencies=[Depends(require_staff)], include_in_schema=False)


@router.get("/desk/operations")
async def show_operations(request: Request) -> Response:
    """Counts of this service's own work, and the ways to the queues of the others."""
    db: Database = request.app.state.db
    pages: Pages = request.app.state.pages
    async with db.transaction() as tx:
        counts = await count_tabs(tx)
        missed = await processed_but_unpaid(tx)
        unsent = await tx.value(
            select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
        )
    return pages.render(
        request, "desk_operations.html", counts=counts, missed=len(missed), unsent=int(unsent or 0)
    )
