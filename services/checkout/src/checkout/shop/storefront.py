"""What every page of the shop stands on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from shared.database import Database
from shared.statements import COOKIE, Issuer, Purpose, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.pages import Pages

DISPATCH = "通常2〜3日で発送します"
"""When goods leave, in the same words on every page."""


@dataclass(frozen=True)
class Storefront:
    """Everything that any page of the shop may need. ``origin_url`` has no slash at its end."""

    db: Database
    pages: Pages
    issuer: Issuer
    verifier: Verifier
    origin_url: str

    def claims(self, request: Request, purpose: Purpose) -> dict[str, object] | None:
        """Return what the browser's statement for ``purpose`` vouches for; None without one that is valid."""
        statement = cookies_of(request).read(request, COOKIE[purpose])
        if not statement:
            return None
        try:
            return self.verifier.verify(purpose, statement)
        except StatementInvalid:
            return None


async def _storefront(request: Request) -> Storefront:
    # Not a plain function: FastAPI would run that in a thread.
    storefront: Storefront = request.app.state.storefront
    return storefront


Shop = Annotated[Storefront, Depends(_storefront)]


def cookies_of(request: Request) -> Cookies:
    """Return how cookies are read and written here."""
    cookies: Cookies = request.app.state.cookies
    return cookies
