"""The data in a browser that its next order uses: the wallet, the reserved points and coupon, and Noren's cookies."""

import re

from fastapi import Request
from pydantic import ValidationError

from checkout.placing.claims import ReservedBenefit, Wallet
from shared.shop.statements import COOKIE, Purpose
from shared.web.parts import Parts, parts_of
from shared.web.wallet_claims import wallet_claims

_READ_BY_MEMBERS: tuple[Purpose, ...] = ("session", "wallet")
_OCTETS = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")


async def wallet_of(request: Request) -> Wallet | None:
    """Return the wallet statement of the buyer. Return None if there is none, or if it is not valid for them now."""
    claims = await wallet_claims(request)
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
    """Return the statements of this browser that members reads, unchanged, for a request to members.

    A value with characters that are no cookie octets (RFC 6265 4.1.1) is left out, because Noren did not write it.
    """
    cookies = parts_of(request).cookies
    wanted = {name for purpose in _READ_BY_MEMBERS for name in cookies.names(COOKIE[purpose])}
    pairs = (pair.strip().partition("=") for pair in "; ".join(request.headers.getlist("cookie")).split(";"))
    return {name: value for name, _, value in pairs if name in wanted and _OCTETS.fullmatch(value)}
