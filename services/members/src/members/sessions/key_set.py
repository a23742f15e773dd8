"""The public key of members, for services that verify its statements (RFC 7517)."""

from typing import Any

from fastapi import APIRouter

from shared.shop.statements import Issuer
from shared.web.parts import CurrentParts

router = APIRouter()


@router.get("/members/.well-known/jwks.json")
async def key_set(parts: CurrentParts) -> dict[str, list[dict[str, Any]]]:
    """Return the key set."""
    return {"keys": [parts[Issuer].public_jwk()]}
