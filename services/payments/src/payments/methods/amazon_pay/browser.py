"""What the buyer's browser holds: its wallet, and the orders that it placed."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request

from shared.statements import COOKIE, Issuer, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.session import Sessions

WALLET = COOKIE["wallet"]


def cookies_of(request: Request) -> Cookies:
    """The reader and writer of this origin's cookies."""
    cookies: Cookies = request.app.state.cookies
    return cookies


def wallet_of(request: Request, issuer: Issuer | None) -> Mapping[str, Any]:
    """The claims of our own statement in this browser; empty without a valid one."""
    statement = cookies_of(request).read(request, WALLET)
    if issuer is None or statement is None:
        return {}
    try:
        return Verifier({"keys": [issuer.public_jwk()]}).verify("wallet", statement)
    except StatementInvalid:
        return {}


def has_order(request: Request, order: str) -> bool:
    """Whether this browser placed the order: checkout's statement says so."""
    sessions: Sessions = request.app.state.sessions
    try:
        statement = cookies_of(request).read(request, COOKIE["order"]) or ""
        codes = sessions.verifier.verify("order", statement).get("codes")
    except StatementInvalid:
        return False
    return isinstance(codes, list) and order in codes
