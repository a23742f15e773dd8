"""Wires checkout together."""

from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from checkout import api
from checkout.catch_up import CatchUp, ask_to_catch_up
from checkout.consumers import consumers
from checkout.gateways.members import Members
from checkout.gateways.payment_menu import ReadMenu
from checkout.gateways.standings import Standings
from checkout.settings import Settings
from checkout.storage.catalogue_tables import method_menu
from checkout.storage.menu import ask_for_menu
from checkout.storage.order_tables import catch_up
from checkout.storage.sample_catalogue import add_sample_catalogue
from checkout.storage.tables import metadata
from checkout.till import Busy, Till
from checkout.web import (
    amazon_order,
    cart,
    desk_api,
    desk_bulk,
    desk_operations,
    desk_order,
    desk_order_actions,
    desk_orders,
    desk_settings,
    desk_stock,
    order_confirm,
    order_form,
    order_look_up,
    order_page,
    search_engines,
    shop,
)
from checkout.web.store_files import StoreFiles
from checkout.web.storefront import DISPATCH, Storefront
from shared.app import Service
from shared.clock import now
from shared.database import Database
from shared.due import DueWork
from shared.revocations import RevokedSessions
from shared.statements import Issuer, Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.problems import Problem, answer
from shared.web.session import Sessions

WEB = Path(__file__).parent / "web"
DESK_PAGES = (
    DeskPage("orders", "受注管理", "/desk/orders"),
    DeskPage("orders", "在庫・入荷", "/desk/stock"),
    DeskPage("orders", "店舗設定", "/desk/orders/settings"),
)
# Programs first: they ask most often, and a request is compared with one router after the other. Settings before
# the orders' own pages, whose paths end in an order code.
ROUTERS = (
    api.router,
    desk_api.router,
    shop.router,
    search_engines.router,
    cart.router,
    order_form.router,
    order_confirm.router,
    amazon_order.router,
    order_look_up.router,
    order_page.router,
    desk_settings.router,
    desk_stock.router,
    desk_bulk.router,
    desk_operations.router,
    desk_orders.router,
    desk_order_actions.router,
    desk_order.router,
)
RETRY_AFTER_SECONDS = 2


def make() -> Service:
    """Make the service from its environment."""
    settings = Settings()
    if settings.signing_key_file is None or settings.trusted_keys_file is None:
        raise SystemExit("SIGNING_KEY_FILE and TRUSTED_KEYS_FILE are not set: pages need both")
    db = Database(
        settings.database_url.get_secret_value(),
        service="checkout",
        shop=settings.shop,
        connections_max=settings.database_connections_max,
    )
    timeout = httpx.Timeout(settings.page_read_timeout_seconds)
    payments = httpx.AsyncClient(base_url=settings.payments_url, timeout=timeout)
    members = httpx.AsyncClient(base_url=settings.members_url, timeout=timeout)
    notifications = httpx.AsyncClient(base_url=settings.notifications_url, timeout=timeout)
    others = {"payments": payments, "members": members, "notifications": notifications}
    storefront_keys = (
        Issuer.from_file("checkout", settings.signing_key_file),
        Verifier.from_file(settings.trusted_keys_file),
    )
    read_menu = ReadMenu(db, payments, every=timedelta(seconds=settings.menu_refresh_seconds))

    till = Till(db, origin_url=settings.origin_url, limits=settings.hold_limits)

    async def on_start() -> None:
        async with db.transaction() as tx:
            if settings.sandbox:
                await add_sample_catalogue(tx)
            await ask_for_menu(tx, at=now())
            await ask_to_catch_up(tx, at=now())

    async def close() -> None:
        await payments.aclose()
        await members.aclose()
        await notifications.aclose()

    def pages(app: FastAPI) -> None:
        issuer, verifier = storefront_keys
        install(app, db, settings, till, issuer=issuer, verifier=verifier, members=Members(members))
        app.state.standings = Standings(others)

    return Service(
        name="checkout",
        settings=settings,
        metadata=metadata,
        consumers=consumers,
        db=db,
        resources={Till: till},
        due_work=[
            DueWork("read_menu", method_menu, read_menu, concurrency=1),
            DueWork("catch_up", catch_up, CatchUp(db), concurrency=1),
        ],
        install_pages=pages,
        on_start=on_start,
        close=close,
    )


def install(
    app: FastAPI,
    db: Database,
    settings: Settings,
    till: Till,
    *,
    issuer: Issuer,
    verifier: Verifier,
    members: Members,
) -> None:
    """Put all pages and JSON routes of checkout on ``app``."""

    pages = make_templates(WEB / "templates", desk_pages=DESK_PAGES, globals={"dispatch": DISPATCH})
    app.state.db = db
    origin_url = settings.origin_url.rstrip("/")
    app.state.storefront = Storefront(db, till, pages, issuer, verifier, members, origin_url)
    app.mount("/static/shop", StoreFiles(directory=WEB / "static"), name="shop-static")
    install_web(
        app,
        pages,
        Sessions(verifier, RevokedSessions(db)),
        origin=settings.origin_url,
        secure=settings.cookie_secure,
    )
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Busy, _on_busy)


async def _on_busy(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return await answer(request, Problem(503, "busy", headers=headers))
