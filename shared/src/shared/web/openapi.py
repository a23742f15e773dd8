"""OpenAPI documents with every answer, including those of the edge and the error handlers.

A route declares its own refusals (`responses={409: {}}`); this adds those that follow from the route's shape,
all as problem+json (RFC 9457).
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from shared.web.problems import TITLES

_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to do, in Japanese"},
        "code": {"type": "string", "description": "For programs"},
        "request_id": {"type": "string", "description": "The same in the log"},
        "field": {"type": "string", "description": "The input at fault"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")


def install_openapi(app: FastAPI) -> None:
    """Let the application's document name every answer."""
    of_the_framework = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            complete(of_the_framework())
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # as FastAPI's manual shows


def complete(document: dict[str, Any]) -> None:
    """Add to each operation of ``document`` the answers that its parameters, body and login bring with them."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FRAMEWORKS_OWN:
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    for method, operation in _operations(document):
        responses = operation["responses"]
        own = {int(status) for status in responses if int(status) >= 400 and status != "422"}
        if "422" in responses and not _holds_frameworks_own(responses.pop("422")):
            own.add(422)
        for status in sorted(own | _follows(method, operation)):
            responses[str(status)] = {
                "description": TITLES.get(status, TITLES[400]),
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from path.items()


def _follows(method: str, operation: dict[str, Any]) -> set[int]:
    """Return the statuses that any route of this shape can answer with."""
    found = {400, 503}
    places = {parameter["in"] for parameter in operation.get("parameters", ())}
    if "path" in places:
        found.add(404)
    if places & {"query", "header"}:
        found.add(422)
    if "requestBody" in operation:
        found |= {413, 422}
    if method not in {"get", "head"}:
        found |= {403, 408, 413}
    if operation.get("security"):
        found |= {401, 403}
    return found


def _holds_frameworks_own(response: dict[str, Any]) -> bool:
    return any(name in str(response.get("content", "")) for name in _FRAMEWORKS_OWN)
