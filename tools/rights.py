"""Lists the right that each route of the desks asks for: ``python -m tools.rights`` (``--roles`` adds who has it).

It ends with an error for a route that asks for none or for several.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from shared.web.operations import Operations
from shared.web.session import RightRequired, require_staff
from shared.web.slices import find_routers
from shared.web.staff_rights import ROLES, ROLES_OF, Right

SERVICES = ("checkout", "payments", "members", "notifications")
# Everybody must reach the login.
OPEN = ("/desk/login",)


@dataclass(frozen=True, order=True)
class DeskRoute:
    """A route that only staff may use: its service, its address, its method and the rights that it asks for."""

    service: str
    path: str
    method: str
    rights: tuple[Right, ...]


def routers_of(service: str, db: Any = None) -> list[APIRouter]:
    """Return the routers of a service, with the one that its process adds and that reads ``db``."""
    operations = Operations(service, db, amqp_url="", queues=())
    return [*find_routers(service), operations.router()]


def desk_routes() -> list[DeskRoute]:
    """Return the routes of staff of all services."""
    return sorted(
        DeskRoute(service, context.path, method, tuple(_rights(context.dependant)))
        for service in SERVICES
        for router in routers_of(service)
        for context in iter_route_contexts(router.routes)
        if context.path is not None and _is_for_staff(context)
        for method in sorted(context.methods or ())
    )


def _is_for_staff(context: Any) -> bool:
    at_a_desk = context.path == "/desk" or context.path.startswith("/desk/")
    return context.path not in OPEN and (
        at_a_desk
        or any(one in (require_staff,) or isinstance(one, RightRequired) for one in _calls(context.dependant))
    )


def _calls(dependant: Dependant | None) -> Iterator[Any]:
    for one in dependant.dependencies if dependant else ():
        yield one.call
        yield from _calls(one)


def _rights(dependant: Dependant | None) -> list[Right]:
    return list(dict.fromkeys(one.right for one in _calls(dependant) if isinstance(one, RightRequired)))


def main() -> int:
    """Print the list. Return 1 if a route does not ask for exactly one right."""
    parser = argparse.ArgumentParser(description="List the right of each route of the desks")
    parser.add_argument("--roles", action="store_true", help="name the roles that have the right")
    arguments = parser.parse_args()
    wrong = False
    for route in desk_routes():
        rights = " ".join(route.rights) or "none"
        roles = ""
        if arguments.roles and len(route.rights) == 1:
            roles = "\t" + " ".join(role for role in ROLES if role in ROLES_OF[route.rights[0]])
        sys.stdout.write(f"{rights}\t{route.method}\t{route.path}{roles}\n")
        wrong = wrong or len(route.rights) != 1
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
