"""The wiring of the simulator: API, hosted pages, console, certificate, health."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from payments.methods.amazon_pay.simulator.api import Api
from payments.methods.amazon_pay.simulator.console import Console
from payments.methods.amazon_pay.simulator.hosted import Hosted
from payments.methods.amazon_pay.simulator.ipn import CERTIFICATE_PATH, make_sealer
from payments.methods.amazon_pay.simulator.pages import FOLDER, page
from payments.methods.amazon_pay.simulator.refusals import Refusal
from payments.methods.amazon_pay.simulator.sender import NoticeSender
from payments.methods.amazon_pay.simulator.settings import AmazonSimulatorSettings
from payments.methods.amazon_pay.simulator.store import Store


def make_app(settings: AmazonSimulatorSettings) -> Starlette:
    """Return the ASGI application. Its ledger is `ledger.sqlite` in the settings' directory."""
    store = Store(settings.folder / "ledger.sqlite")
    sealer = make_sealer(settings)
    http = httpx.AsyncClient(timeout=15)
    sender = NoticeSender(store, sealer, settings, http)
    api = Api(store, settings, sender.send_early_notices)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with store.transaction() as tx:
            tx.turn("merchant_id", settings.merchant_id)
        sending = asyncio.create_task(sender.run())
        yield
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
        await http.aclose()
        store.close()

    async def certificate(_: Request) -> Response:
        return Response(sealer.certificate, media_type="application/x-pem-file")

    async def style(_: Request) -> Response:
        return FileResponse(FOLDER / "style.css", media_type="text/css")

    async def alive(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def home(_: Request) -> Response:
        return RedirectResponse("/console")

    async def refused(_: Request, error: Exception) -> Response:
        if not isinstance(error, Refusal):
            raise error
        return page("refused", error.status, reason=error.reason_code, message=error.message)

    routes: list[BaseRoute] = [
        Route("/", home),
        Route("/style.css", style),
        Route(CERTIFICATE_PATH, certificate),
        Route("/health/live", alive),
        Route("/health/ready", alive),
        *Console(store, settings).routes(),
        *Hosted(store, settings).routes(),
        *(_below(prefix, api) for prefix in ("/sandbox", "/live", "/v1", "/v2", "/v3")),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={Refusal: refused})
    app.state.store, app.state.sealer = store, sealer
    return app


def _below(prefix: str, api: ASGIApp) -> Mount:
    return Mount(prefix, app=api)
