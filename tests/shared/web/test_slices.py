"""Pages are found in the slices of a service, and each path reaches its own page."""

import re
from graphlib import CycleError

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from shared.web.slices import find_routers, in_order, template_folders

SERVICES = ("checkout", "payments", "members", "notifications")
SOME_ID = "0190f5fe-7c00-7a00-8000-000000000001"


async def nothing() -> None:
    """Answer nothing."""


def page(*paths: str) -> APIRouter:
    """Return a router that answers at ``paths``."""
    router = APIRouter()
    for path in paths:
        router.add_api_route(path, nothing)
    return router


def routes_of(router: APIRouter) -> list[tuple[str, str]]:
    """Return method and path of each route, those of routers inside as well."""
    found = [route for route in iter_route_contexts(router.routes) if route.path is not None]
    return [(method, str(route.path)) for route in found for method in route.methods or ()]


def answers(router: APIRouter, method: str, path: str) -> bool:
    """Tell whether a router has a route for ``path``."""
    return any(
        method == known and compile_path(template)[0].match(path) for known, template in routes_of(router)
    )


def test_a_path_that_a_parameter_would_take_comes_first() -> None:
    one, settings = page("/desk/mails/{mail_id}"), page("/desk/mails", "/desk/mails/settings")
    assert in_order([one, settings]) == [settings, one]


def test_programs_are_asked_before_buyers_before_staff() -> None:
    staff, buyers, programs = page("/desk/orders"), page("/orders"), page("/api/checkout/orders")
    assert in_order([staff, buyers, programs]) == [programs, buyers, staff]


def test_two_routers_that_hide_each_other_are_refused() -> None:
    with pytest.raises(CycleError):
        in_order([page("/a/{x}", "/b/1"), page("/a/1", "/b/{x}")])


@pytest.mark.parametrize("service", SERVICES)
def test_no_page_is_hidden_by_another(service: str) -> None:
    routers = find_routers(service)
    for router in routers:
        for method, path in routes_of(router):
            asked = re.sub(r"{\w+}", SOME_ID, path)
            first = next(other for other in routers if answers(other, method, asked))
            assert first is router, f"{method} {path} is answered by {routes_of(first)}"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_pages_and_templates(service: str) -> None:
    assert find_routers(service)
    assert template_folders(service)
