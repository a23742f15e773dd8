"""What the pages of members are made with, and who stands before them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import Response

from members.link_amazon import AMAZON
from members.password_hasher import PasswordHasher
from members.prove_address import Prover
from members.settings import Settings
from members.sign_in import OpenedSession, Way, open_session, renew_session
from members.storage.attempts import hashed
from members.storage.sessions import know_device, way_of
from members.storage.staff_deeds import Doer
from shared.clock import now
from shared.database import Database, Tx
from shared.sql import Row
from shared.statements import COOKIE, Issuer, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.pages import Pages
from shared.web.session import Viewer

DEVICE_COOKIE = "noren_device"
_DEVICE_KNOWN_FOR = timedelta(days=365)


@dataclass(frozen=True)
class Wallet:
    """What payments vouches for after an Amazon login. Without an order it is only a login (AP-06).

    ``label`` is the wallet's own word for its account, for pages: ``Amazon``.
    """

    label: str
    buyer_id: str
    name: str
    email: str
    ordering: bool
    statement_hash: str
    issued_at: datetime


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

    def wallet(self, request: Request) -> Wallet | None:
        """Return the Amazon buyer in this browser, if payments vouches for one; no other wallet logs in here."""
        claims = self.statement(request, "wallet")
        if claims is None or claims.get("kind") != AMAZON or not claims.get("buyer_id"):
            return None
        return Wallet(
            # A statement of the release before has no label.
            label=str(claims.get("label") or "Amazon"),
            buyer_id=str(claims["buyer_id"]),
            name=str(claims.get("name") or ""),
            email=str(claims.get("email") or ""),
            ordering=bool(claims.get("checkout_session_id")),
            statement_hash=hashed(self.cookies.read(request, COOKIE["wallet"]) or ""),
            issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        )

    def device(self, request: Request) -> str:
        """Return the token by which this browser is known, or ''."""
        return self.cookies.read(request, DEVICE_COOKIE) or ""

    async def enter(
        self,
        tx: Tx,
        request: Request,
        member: Row,
        *,
        way: Way,
        seen: Viewer,
        at_desk: bool = False,
        staff_role: str | None = None,
    ) -> "Entry":
        """Open a session for ``member`` in place of the one in this browser; send it with the response."""
        settings = self.settings
        opened = await open_session(
            tx,
            member,
            way=way,
            device=device_label(request.headers.get("user-agent", "")),
            at=now(),
            valid_for=timedelta(hours=settings.staff_session_hours_max)
            if at_desk
            else timedelta(days=settings.session_days_max),
            staff_role=staff_role,
            instead_of=session_id_of(seen),
        )
        token = self.device(request) or secrets.token_urlsafe(32)
        await know_device(tx, hashed(token), member.member_id, at=now())
        return Entry(self, opened, token)


@dataclass(frozen=True)
class Entry:
    """A login that is stored and now goes into the browser."""

    parts: Parts
    opened: OpenedSession
    device: str

    def put_into(self, response: Response) -> Response:
        """Give the browser its session statement and the token by which it is known again."""
        cookies = self.parts.cookies
        put_session(self.parts, response, self.opened)
        cookies.write(
            response, DEVICE_COOKIE, self.device, max_age_seconds=int(_DEVICE_KNOWN_FOR.total_seconds())
        )
        return response


def put_session(parts: Parts, response: Response, opened: OpenedSession) -> Response:
    """Give the browser a session statement; the rights of staff in it hold for a minute at a time."""
    claims = dict(opened.claims)
    if claims["staff"] is not None:
        claims["staff_until"] = int(now().timestamp()) + parts.settings.staff_statement_seconds
    statement = parts.issuer.issue("session", claims, valid_for=opened.valid_for)
    seconds = int(opened.valid_for.total_seconds())
    parts.cookies.write(response, COOKIE["session"], statement, max_age_seconds=seconds)
    return response


async def renewed_by_proof(tx: Tx, member: Row, seen: Viewer) -> OpenedSession | None:
    """Return the viewer's session with a proof that its statement does not tell yet; None if there is no such thing.

    The address may have been proved in another browser: the other services believe the statement alone.
    """
    session_id = session_id_of(seen)
    if seen.email_proved or member.email_verified_at is None or session_id is None:
        return None
    return await renew_session(tx, member, session_id, at=now())


def doer(request: Request, seen: Viewer) -> Doer:
    """Return who does something at the desk, for the list of deeds."""
    return Doer(member_id_of(seen), seen.name, address_of(request))


def session_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the session that the viewer came with."""
    return UUID(seen.session_id) if seen.session_id else None


def member_id_of(seen: Viewer) -> UUID | None:
    """Return the id of the member who is looking."""
    return UUID(seen.member_id) if seen.member_id else None


async def prover(
    tx: Tx, request: Request, parts: Parts, seen: Viewer, *, by_amazon: bool = False
) -> Prover | None:
    """Return what is the viewer's own of the account, for a proof of its address; None if the session has ended."""
    session_id, member_id = session_id_of(seen), member_id_of(seen)
    if session_id is None or member_id is None:
        return None
    way = await way_of(tx, session_id, member_id, at=now())
    if way is None:
        return None
    device = parts.device(request)
    return Prover(session_id, hashed(device) if device else "", amazon=by_amazon or way == "amazon")


def address_of(request: Request) -> str:
    """Return the IP address that the request came from; the edge's proxy passes it on."""
    return request.client.host if request.client else ""


def device_label(user_agent: str) -> str:
    """Return a browser in words that its owner recognises, for the list of logins."""
    systems = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"))
    system = next(
        (label for mark, label in (*systems, ("Mac OS", "Mac"), ("Linux", "Linux")) if mark in user_agent), ""
    )
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    browser = next((label for mark, label in browsers if mark in user_agent), "")
    return " ".join(part for part in (system, browser) if part) or "ブラウザー不明"


async def parts_of(request: Request) -> Parts:
    """FastAPI dependency: the parts that main.py put on the application."""
    parts: Parts = request.app.state.members
    return parts


Here = Annotated[Parts, Depends(parts_of)]
