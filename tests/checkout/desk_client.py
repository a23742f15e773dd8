"""The order desk as a browser or a program sees it: the real routes in the real frame."""

import re
from datetime import timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI

from harness.keys import Keys
from shared.database.transactions import Database
from shared.shop.revocations import RevokedSessions
from shared.web.pages import install_web, make_templates
from shared.web.session import Sessions
from shared.web.slices import install_routers, template_folders

ORIGIN = "http://127.0.0.1:8080"
STAFF = UUID("0190f5fe-7c00-7a00-8000-000000000001")


def desk_app(db: Database, keys: Keys) -> FastAPI:
    """Return an application with the pages alone."""

    app = FastAPI()
    pages = make_templates(*template_folders("checkout"))
    sessions = Sessions(keys.verifier, RevokedSessions(db))
    install_web(app, pages, sessions, {Database: db}, origin=ORIGIN, secure=False)
    install_routers(app, "checkout")
    return app


def desk_client(
    db: Database,
    keys: Keys,
    *,
    staff: str | None = "manager",
    name: str = "店長 試験",
    page: bool = True,
    member: UUID = STAFF,
) -> httpx.AsyncClient:
    """Return a client signed in as staff, as a shopper (``staff=None``), or as nobody (``name=""``)."""
    claims = {
        "sub": str(member),
        "sid": str(UUID(int=9)),
        "name": name,
        "staff": staff,
        "amazon_linked": False,
    }
    token = keys.issuers["members"].issue("session", claims, valid_for=timedelta(hours=8))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=desk_app(db, keys)),
        base_url=ORIGIN,
        cookies={"noren_session": token} if name else {},
        headers={"Origin": ORIGIN, **({"Accept": "text/html"} if page else {})},
    )


def codes(answer: httpx.Response) -> set[str]:
    """Return the codes of the orders on a list."""
    assert answer.status_code == 200, answer.text
    return set(re.findall(r'data-href="/desk/orders/([^"]+)"', answer.text))
