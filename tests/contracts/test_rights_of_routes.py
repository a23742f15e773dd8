"""Each route of the desks asks for one right, and every role meets every route as the table of rights says (STF-01)."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from harness.keys import Keys
from shared.errors import TryAgain
from shared.shop.statements import COOKIE
from shared.web.pages import install_web, make_templates
from shared.web.session import Sessions
from shared.web.slices import template_folders
from shared.web.staff_rights import FORMER_ROLES, ROLES, ROLES_OF, Right, role_may
from tools.rights import SERVICES, DeskRoute, desk_routes, routers_of

ORIGIN = "http://noren.test"
WHO = UUID("0190f5fe-7c00-7a00-8000-000000000001")
# A role of the former release, and one that this release does not know.
KNOWN: list[str | None] = [*ROLES, *FORMER_ROLES]
STRANGE: list[str | None] = ["prince", None]


class Closed(dict[Any, Any]):
    """The parts of a service that nobody reaches: a handler that passed the door ends here with 503."""

    def __missing__(self, kind: Any) -> Any:
        raise TryAgain("closed")

    def transaction(self) -> Any:
        raise TryAgain("closed")


async def nobody_left(*_: object) -> bool:
    return False


def app_of(service: str, keys: Keys) -> FastAPI:
    """Return the real routes of a service in the real frame, without anything behind them."""
    app = FastAPI()
    pages = make_templates(*template_folders(service))
    sessions = Sessions(keys.verifier, nobody_left)
    install_web(app, pages, sessions, origin=ORIGIN, secure=False)
    app.state.own = Closed()
    for router in routers_of(service, Closed()):
        app.include_router(router)
    return app


@pytest.fixture
async def desks(keys: Keys) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    transports = {one: httpx.ASGITransport(app_of(one, keys), raise_app_exceptions=False) for one in SERVICES}
    yield {
        one: httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"origin": ORIGIN})
        for one, transport in transports.items()
    }


def signed(keys: Keys, role: str | None) -> dict[str, str]:
    claims = {"sub": str(WHO), "sid": str(WHO), "name": "店員", "staff": role}
    statement = keys.issuers["members"].issue("session", claims, valid_for=timedelta(hours=1))
    return {"cookie": f"{COOKIE['session']}={statement}"}


def address(route: DeskRoute) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda one: "N-1" if "code" in one[1] else str(WHO), route.path)


def test_each_route_of_the_desks_asks_for_exactly_one_right() -> None:
    assert [route for route in desk_routes() if len(route.rights) != 1] == []


def test_each_right_is_asked_for_by_some_route_or_page() -> None:
    # Rights inside a page: whose searches, and whose settings.
    inside = {"change_searches_of_all", "change_all_settings"}
    asked = {right for route in desk_routes() for right in route.rights}
    assert set(get_args(Right)) - inside == asked


def test_the_table_names_every_right_and_only_known_roles() -> None:
    assert set(ROLES_OF) == set(get_args(Right))
    assert frozenset().union(*ROLES_OF.values()) == frozenset(ROLES)


@pytest.mark.parametrize("role", [*KNOWN, *STRANGE])
async def test_every_role_meets_every_route_as_the_table_says(
    desks: dict[str, httpx.AsyncClient], keys: Keys, role: str | None
) -> None:
    """A role without the right is refused at the door; one with it passes, whatever comes behind."""
    wrong = []
    for route in desk_routes():
        answer = await desks[route.service].request(
            route.method, address(route), headers=signed(keys, role) | {"accept": "application/json"}
        )
        passes = role_may(role, route.rights[0])
        if passes and route.rights == ("change_settings",) and role != "owner":
            # Each setting says who changes it; some pages have none that this role may change.
            continue
        if (answer.status_code != 403) != passes:
            wrong.append((route, answer.status_code))
    assert wrong == []


async def test_a_clerk_of_orders_may_not_refund(desks: dict[str, httpx.AsyncClient], keys: Keys) -> None:
    for deed in ("refund", "part-refund", "outside"):
        answer = await desks["payments"].post(
            f"/desk/payments/N-1/{deed}", headers=signed(keys, "orders") | {"accept": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
