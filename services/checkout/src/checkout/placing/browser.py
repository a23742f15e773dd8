"""What a browser brings to its next order: the wallet, what members set aside, and our cookies."""

from fastapi import Request
from pydantic import ValidationError

from checkout.placing.claims import Benefit, Wallet
from shared.web.parts import Parts


def wallet_of(parts: Parts, request: Request) -> Wallet | None:
    """Return what the buyer's wallet says; None if it says nothing, or nothing valid any more."""
    claims = parts.claims(request, "wallet")
    if claims is None:
        return None
    try:
        return Wallet.model_validate(claims)
    except ValidationError:
        return None


def benefit_of(parts: Parts, request: Request) -> Benefit | None:
    """Return what members set aside for this browser's next order, if it still holds."""
    claims = parts.claims(request, "benefit")
    if claims is None:
        return None
    try:
        return Benefit.model_validate(claims)
    except ValidationError:
        return None


def carried_cookies(request: Request) -> dict[str, str]:
    """Return our own cookies, to read from another service as this browser."""
    return {name: value for name, value in request.cookies.items() if "noren_" in name}
