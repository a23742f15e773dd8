"""The data in a browser that its next order uses: the wallet, the reserved points and coupon, and Noren's cookies."""

from fastapi import Request
from pydantic import ValidationError

from checkout.placing.claims import ReservedBenefit, Wallet
from shared.web.parts import Parts


def wallet_of(parts: Parts, request: Request) -> Wallet | None:
    """Return the wallet statement of the buyer. Return None if there is none, or if it is not valid now."""
    claims = parts.claims(request, "wallet")
    if claims is None:
        return None
    try:
        return Wallet.model_validate(claims)
    except ValidationError:
        return None


def benefit_of(parts: Parts, request: Request) -> ReservedBenefit | None:
    """Return the points and coupon that members reserved for this browser's next order, if the reservation is valid."""
    claims = parts.claims(request, "benefit")
    if claims is None:
        return None
    try:
        return ReservedBenefit.model_validate(claims)
    except ValidationError:
        return None


def carried_cookies(request: Request) -> dict[str, str]:
    """Return Noren's cookies, to send them to another service for this browser."""
    return {name: value for name, value in request.cookies.items() if "noren_" in name}
