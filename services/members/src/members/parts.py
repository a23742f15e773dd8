"""What the pages of members are made with, and who stands before them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request

from members.accounts.hasher import PasswordHasher
from members.settings import Settings
from shared.database import Database
from shared.statements import COOKIE, Issuer, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.pages import Pages
from shared.web.session import Viewer


@dataclass(frozen=True)
class Parts:
    """The parts that every page and route of members may use."""

    db: Database
    pages: Pages
    settings: Settings
    hasher: PasswordHasher
    issuer: Issuer
    verifier: Verifier
    cookies: Cookies

    def statement(self, request: Request, purpose: Literal["wallet", "benefit"]) -> Mapping[str, Any] | None:
        """Return what a signed statement in the browser says; None if there is none that holds."""
        token = self.cookies.read(request, COOKIE[purpose])
        if not token:
            return None
        try:
            return self.verifier.verify(purpose, token)
        except StatementInvalid:
            return None


def session_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the session that the viewer came with."""
    return UUID(seen.session_id) if seen.session_id else None


def member_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the member who is looking."""
    return UUID(seen.member_id) if seen.member_id else None


def address_of(request: Request) -> str:
    """Return the IP address that the request came from; the edge's proxy passes it on."""
    return request.client.host if request.client else ""


async def parts_of(request: Request) -> Parts:
    """FastAPI dependency: the parts that main.py put on the application."""
    parts: Parts = request.app.state.members
    return parts


Here = Annotated[Parts, Depends(parts_of)]
