"""The notices that a person has to see: without a payment of Noren, of an unknown kind, or unreadable."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from payments.methods.registry import Methods
from payments.notices.labels import NOTICE_STATES
from payments.notices.mark_notice_seen import mark_notice_seen
from payments.notices.rows import notices_for_staff
from payments.payment.labels import in_pieces
from payments.shop.rows import PaymentSettings, read_payment_settings
from shared.web.deeds import done_by
from shared.web.paging import Paging
from shared.web.parts import CurrentParts
from shared.web.session import Staff, needs

PATH = "/desk/payments/notices"
BODY_LENGTH_MAX = 2_000
SUMMARY_LENGTH_MAX = 60
"""The number of notices that the list shows at first. The rest opens on demand."""


def shortened(summary: str) -> str:
    """Return the beginning of a summary that is too long for a list."""
    return summary if len(summary) <= SUMMARY_LENGTH_MAX else f"{summary[:SUMMARY_LENGTH_MAX]}…"


router = APIRouter(include_in_schema=False)


@router.get(PATH, dependencies=[needs("read_notices")])
async def show_notices(request: Request, parts: CurrentParts, asked: Paging) -> Response:
    """Show the notices that nobody has seen yet, newest first."""
    async with parts.db.transaction() as tx:
        rows, total = await notices_for_staff(tx, limit=asked.size, offset=asked.offset)
        settings = await read_payment_settings(tx)
    names = _names(parts[Methods], settings)
    return parts.pages.render(
        request,
        "desk_notices.html",
        notices=[
            {
                "key": row.notice_key,
                "at": row.received_at,
                "method": names.get(row.method, row.method),
                "summary": shortened(row.summary),
                "whole_summary": row.summary,
                "state": NOTICE_STATES.of(row.state),
                "reference": in_pieces(row.reference or ""),
                "order_code": row.order_code,
                "body": row.body[:BODY_LENGTH_MAX].decode("utf-8", "replace").replace("\0", "\ufffd"),
            }
            for row in rows
        ],
        page=asked.of(total),
    )


@router.post(f"{PATH}/{{notice_key}}/seen", dependencies=[needs("handle_notices")])
async def mark_seen(request: Request, parts: CurrentParts, notice_key: UUID, staff: Staff) -> Response:
    """Remove a notice from the list."""
    async with parts.db.transaction() as tx:
        names = _names(parts[Methods], await read_payment_settings(tx))
        by = staff.name or staff.member_id or ""
        await mark_notice_seen(tx, notice_key, by=by, deed=done_by(request, staff), names=names)
    return parts.pages.redirect(request, PATH, toast="確認済みにしました")


def _names(methods: Methods, settings: PaymentSettings) -> dict[str, str]:
    """Return the names that staff know for the senders, by the stored names."""
    return {
        one.provider.name: one.provider.label or settings.name_of(kind, one.menu().name)
        for kind, one in methods.items()
    }
