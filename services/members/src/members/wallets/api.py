"""Whether an Amazon buyer is a member, for the pages of checkout."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from members.accounts.rows import email_key, member_by_buyer, member_by_email
from members.wallets.statement import wallet_of
from shared.web.parts import CurrentParts
from shared.web.session import viewer

router = APIRouter(prefix="/api/members", tags=["members"], dependencies=[Depends(viewer)])


class AmazonLinkState(BaseModel):
    """Whether an Amazon buyer is a member, or should first log in to the shop as one (X-35)."""

    state: Literal["linked", "login_needed", "none"]


@router.get("/amazon-links/{buyer_id}")
async def amazon_link(
    request: Request, buyer_id: str, parts: CurrentParts, email: str = ""
) -> AmazonLinkState:
    """Return whether this buyer is linked, or has the address of a member who is not.

    The caller must forward the browser's cookies with payments' wallet statement for this buyer. An address must be in
    that statement too. Every other request gets "none", so that nobody can probe buyers or addresses.
    """
    wallet = await wallet_of(request, parts)
    if wallet is None or wallet.buyer_id != buyer_id:
        return AmazonLinkState(state="none")
    proven = email_key(wallet.email) == email_key(email)
    async with parts.db.transaction() as tx:
        if await member_by_buyer(tx, buyer_id) is not None:
            return AmazonLinkState(state="linked")
        same_address = await member_by_email(tx, email) if proven and email else None
    return AmazonLinkState(state="login_needed" if same_address is not None else "none")
