"""Finds what the slices of a service have for the web: the ``router`` of their modules, and their templates.

A page is a module of a slice that sets ``router``. The order of the routers follows from their paths. A path that the
parameter of another router would hide comes before it. Otherwise routers for programs come first, then those for
buyers, then those for staff.
"""

import pkgutil
from collections.abc import Sequence
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

NO_SLICES = {"migrations"}


def install_routers(app: FastAPI, service: str) -> None:
    """Put the router of each page of ``service`` on ``app``."""
    for router in find_routers(service):
        app.include_router(router)


def template_folders(service: str) -> list[Path]:
    """Return where the slices of ``service`` keep their templates."""
    roots = import_module(service).__path__
    return sorted(folder for root in roots for folder in Path(root).glob("*/templates"))


@cache
def find_routers(service: str) -> Sequence[APIRouter]:
    """Return the routers of a service's slices, in the order in which a request is compared with them."""
    routers = {id(router): router for router in find_in_slices(service, "router")}
    return in_order([router for router in routers.values() if isinstance(router, APIRouter)])


def find_in_slices(service: str, attribute: str) -> list[Any]:
    """Return what the modules of the slices of ``service`` have under the name ``attribute``, in the order of names."""
    modules = [
        import_module(name)
        for slice_name in _names(service, packages=True)
        for name in _names(slice_name, packages=False)
    ]
    return [getattr(module, attribute) for module in modules if hasattr(module, attribute)]


def in_order(routers: Sequence[APIRouter]) -> list[APIRouter]:
    """Return ``routers`` in an order in which no router hides a path of a later one.

    Raises graphlib.CycleError for two routers that hide paths of each other. Their pages belong in one module.
    """
    paths = [_paths(router) for router in routers]
    numbers = range(len(routers))
    before = {
        later: {sooner for sooner in numbers if sooner != later and _hides(paths[later], paths[sooner])}
        for later in numbers
    }
    sorter = TopologicalSorter(before)
    sorter.prepare()
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=lambda one: (_rank(paths[one]), one))
        order += ready
        sorter.done(*ready)
    return [routers[one] for one in order]


def _names(package: str, *, packages: bool) -> list[str]:
    found = pkgutil.iter_modules(import_module(package).__path__)
    return sorted(
        f"{package}.{one.name}" for one in found if one.ispkg is packages and one.name not in NO_SLICES
    )


def _paths(router: APIRouter) -> tuple[str, ...]:
    return tuple(route.path for route in iter_route_contexts(router.routes) if route.path is not None)


def _hides(later: tuple[str, ...], sooner: tuple[str, ...]) -> bool:
    """Return whether a parameter in a path of ``later`` matches a path of ``sooner``, and not the reverse."""
    return any(_takes(mine, yours) and not _takes(yours, mine) for mine in later for yours in sooner)


@cache
def _takes(mine: str, yours: str) -> bool:
    return "{" in mine and compile_path(mine)[0].match(yours) is not None


def _rank(paths: tuple[str, ...]) -> int:
    """Return the rank of a router: first programs, which ask most often, then buyers, then staff."""
    if any(path.startswith("/api/") for path in paths):
        return 0
    return 2 if any(path.startswith("/desk") for path in paths) else 1
