"""The wallet statement in the buyer's browser."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.shop.statements import COOKIE
from shared.web.wallet_claims import wallet_claims

WALLET = COOKIE["wallet"]


async def wallet_of(request: Request) -> Mapping[str, Any]:
    """Return the claims of Noren's wallet statement in this browser; empty without a valid one."""
    return await wallet_claims(request) or {}
