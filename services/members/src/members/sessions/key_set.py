"""The public key of members, for whoever verifies its statements (RFC 7517)."""

from typing import Any

from fastapi import APIRouter

from members.parts import Here

router = APIRouter()


@router.get("/members/.well-known/jwks.json")
async def key_set(parts: Here) -> dict[str, list[dict[str, Any]]]:
    """Return the key set."""
    return {"keys": [parts.issuer.public_jwk()]}
