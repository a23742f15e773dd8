"""What the buyer's browser holds beside its orders: its wallet statement."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.shop.statements import COOKIE, Issuer, StatementInvalid, Verifier
from shared.web.parts import parts_of

WALLET = COOKIE["wallet"]


def wallet_of(request: Request, issuer: Issuer | None) -> Mapping[str, Any]:
    """Return the claims of Noren's wallet statement in this browser; empty without a valid one."""
    statement = parts_of(request).cookies.read(request, WALLET)
    if issuer is None or statement is None:
        return {}
    try:
        return Verifier({"keys": [issuer.public_jwk()]}).verify("wallet", statement)
    except StatementInvalid:
        return {}
