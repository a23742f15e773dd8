"""Readiness: a process is ready if every one of its roles works."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.clock import elapsed

Check = Callable[[], Awaitable[str | None]]
Measure = Callable[[], Awaitable[None]]
STALE_SECONDS = 20.0


class Health:
    """Named checks; each returns None if all is well, else the problem."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._measures: list[Measure] = []

    def measure(self, measure: Measure) -> None:
        """Call ``measure`` at every scrape, so that it sets its gauges. It must not raise an error."""
        self._measures.append(measure)

    def add(self, name: str, check: Check) -> None:
        """Run ``check`` at every readiness request."""
        self._checks[name] = check

    def add_heartbeat(self, name: str, alive_at: Callable[[], float | None]) -> None:
        """Add a check that fails if ``alive_at`` is None or older than :data:`STALE_SECONDS`.

        ``alive_at`` returns a time of :func:`shared.clock.elapsed`.
        """

        async def check() -> str | None:
            at = alive_at()
            if at is None:
                return "not running"
            age = elapsed() - at
            return None if age < STALE_SECONDS else f"silent for {age:.0f} s"

        self.add(name, check)

    async def problems(self) -> dict[str, str]:
        """Return the problems by name; empty if ready."""
        found: dict[str, str] = {}
        for name, check in self._checks.items():
            try:
                wrong = await check()
            except Exception as error:
                wrong = type(error).__name__
            if wrong:
                found[name] = wrong
        return found

    def router(self) -> APIRouter:
        """Return the routes ``/health/live``, ``/health/ready`` and ``/metrics``."""
        router = APIRouter(include_in_schema=False)

        @router.get("/health/live")
        async def live() -> dict[str, str]:
            return {"status": "ok"}

        @router.get("/health/ready")
        async def ready() -> JSONResponse:
            problems = await self.problems()
            body: dict[str, Any] = {"status": "not ready" if problems else "ok", "problems": problems}
            return JSONResponse(body, status_code=503 if problems else 200)

        @router.get("/metrics")
        async def metrics() -> Response:
            for measure in self._measures:
                await measure()
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

        return router
