"""The parts that pages and routes use: database, templates, and the service's own parts.

    @router.get("/desk/things")
    async def list_things(request: Request, parts: CurrentParts, staff: Staff) -> Response:
        async with parts.db.transaction() as tx: ...
        return parts.pages.render(request, "desk_things.html", ...)

``install_web`` gets the parts of the service by their type; ``parts[Till]`` is one of them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Depends, FastAPI, Request
from starlette.datastructures import State

from shared.database.transactions import Database
from shared.shop.statements import COOKIE, Purpose, StatementInvalid, Verifier
from shared.web.cookies import Cookies
from shared.web.pages import Pages
from shared.web.session import Sessions

Part = TypeVar("Part")


class Parts:
    """The parts of the service that a request reached. KeyError for a part that it does not have: a bug."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, kind: type[Part]) -> Part:
        """Return the service's own part of this type."""
        part: Part = self._state.own[kind]
        return part

    @property
    def db(self) -> Database:
        """Return the service's database."""
        return self[Database]

    @property
    def pages(self) -> Pages:
        """Return what renders the service's templates."""
        pages: Pages = self._state.pages
        return pages

    @property
    def cookies(self) -> Cookies:
        """Return how cookies are read and written here."""
        cookies: Cookies = self._state.cookies
        return cookies

    @property
    def verifier(self) -> Verifier:
        """Return what checks the statements of all services."""
        sessions: Sessions = self._state.sessions
        return sessions.verifier

    def claims(self, request: Request, purpose: Purpose) -> Mapping[str, Any] | None:
        """Return what the browser's statement for ``purpose`` vouches for; None without one that is valid."""
        statement = self.cookies.read(request, COOKIE[purpose])
        if not statement:
            return None
        try:
            return self.verifier.verify(purpose, statement)
        except StatementInvalid:
            return None


def add_part(app: FastAPI, kind: type[Part], part: Part) -> None:
    """Give ``app`` one more part."""
    app.state.own = {**getattr(app.state, "own", {}), kind: part}


def parts_of(request: Request) -> Parts:
    """Return the parts, where no parameter of a route can be ``CurrentParts``."""
    return Parts(request.app.state)


async def _current_parts(request: Request) -> Parts:
    # Not a plain function: FastAPI would run that in a thread.
    return parts_of(request)


CurrentParts = Annotated[Parts, Depends(_current_parts)]
