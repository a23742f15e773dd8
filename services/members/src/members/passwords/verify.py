"""A new password by the link that proves an address, for a person who is not logged in as its member (MEM-38)."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from members.accounts.forms import ResetPassword
from members.addresses.pages import VERIFY, verification_ended, verification_page
from members.passwords.by_link import save_by_link
from shared.shop.mail_links import MailLink
from shared.web.forms import Form
from shared.web.parts import CurrentParts
from shared.web.session import NOBODY, CurrentViewer, viewer

router = APIRouter(dependencies=[Depends(viewer)], include_in_schema=False)


@router.post(f"{VERIFY}/password")
async def verify_with_password(request: Request, parts: CurrentParts, viewer: CurrentViewer) -> Response:
    """Prove the address and set a new password."""

    def page(link: MailLink, form: Form[ResetPassword], status: int, headers: dict[str, str]) -> Response:
        return verification_page(request, parts, NOBODY, link, form, status=status, headers=headers)

    return await save_by_link(
        request,
        parts,
        viewer,
        "email_verification",
        page=page,
        ended=lambda: verification_ended(request, parts),
    )
