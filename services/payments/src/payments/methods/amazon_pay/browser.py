"""What the buyer's browser holds beside its orders: its wallet."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.shop.statements import COOKIE
from shared.web.wallet_claims import wallet_claims

WALLET = COOKIE["wallet"]


async def wallet_of(request: Request) -> Mapping[str, Any]:
    """The claims of our own statement in this browser; empty without one that is valid for who is looking."""
    return await wallet_claims(request) or {}
