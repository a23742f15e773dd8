"""The statement of payments about an Amazon login, in the browser."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Request

from members.sessions.attempts import hashed
from members.wallets.link_amazon import AMAZON
from shared.shop.statements import COOKIE
from shared.web.parts import Parts
from shared.web.wallet_claims import wallet_claims


@dataclass(frozen=True)
class Wallet:
    """The Amazon account of a login. Without an order it is only a login (AP-06).

    ``label`` is the name of the wallet for pages: ``Amazon``.
    """

    label: str
    buyer_id: str
    name: str
    email: str
    ordering: bool
    statement_hash: str
    issued_at: datetime


async def wallet_of(request: Request, parts: Parts) -> Wallet | None:
    """Return the Amazon buyer in this browser, if payments signed one for this viewer.

    No other wallet can log in here.
    """
    claims = await wallet_claims(request)
    if claims is None or claims.get("kind") != AMAZON or not claims.get("buyer_id"):
        return None
    return Wallet(
        # A statement of the former release has no label.
        label=str(claims.get("label") or "Amazon"),
        buyer_id=str(claims["buyer_id"]),
        name=str(claims.get("name") or ""),
        email=str(claims.get("email") or ""),
        ordering=bool(claims.get("checkout_session_id")),
        statement_hash=hashed(parts.cookies.read(request, COOKIE["wallet"]) or ""),
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
    )
