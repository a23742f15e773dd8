"""Every page and form of the services, read from their applications: what a generator needs to fill them in.

Which fields a form has stands in no document. They are gathered from the models that the module of a route
knows, which gives too many rather than too few.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from shared.process.app import Process
from tools.documents import set_environment

# Read by hand in some handlers, not through a model.
ALSO_READ = ("next", "id", "key", "q", "tab", "page", "size", "send_mail", "state", "do")


@dataclass(frozen=True)
class Route:
    """A page or a form."""

    method: str
    path: str
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """``POST /cart/items``."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parts of its path that vary."""
        return tuple(re.findall(r"{(\w+)", self.path))

    @property
    def ends_sessions(self) -> bool:
        """Whether it logs out whoever asks, so that it is asked last."""
        return self.method == "POST" and (
            "logout" in self.path or "/sessions/" in self.path or self.path == "/members/password"
        )


def routes_of(service: str) -> list[Route]:
    """Return all pages and forms of a service; nothing runs, and our own environment stays as it is."""
    ours = dict(os.environ)
    try:
        with tempfile.TemporaryDirectory() as folder:
            set_environment(Path(folder))
            app = Process(import_module(f"{service}.main").make(), ["web"]).app()
    finally:
        os.environ.clear()
        os.environ.update(ours)
    return routes_of_app(app)


def routes_of_app(app: FastAPI) -> list[Route]:
    """Return all pages and forms of an application; what its OpenAPI document shows is not among them."""
    found = [
        Route(method, route.path or "", fields_of(route))
        for route in iter_route_contexts(app.routes)
        if getattr(route, "dependant", None) is not None and not route.include_in_schema
        for method in sorted(route.methods or ())
    ]
    return sorted(found, key=lambda one: (one.ends_sessions, one.path, one.method))


def fields_of(route: Any) -> tuple[str, ...]:
    """Return the names that the handler of a route may read from a form or a query."""
    names = set(ALSO_READ)
    for part in vars(import_module(route.endpoint.__module__)).values():
        if isinstance(part, type) and issubclass(part, BaseModel):
            names |= set(part.model_fields)
    for parameter in (*route.dependant.query_params, *route.dependant.body_params):
        names.add(parameter.alias or parameter.name)
    return tuple(sorted(names))
