"""Wires checkout together."""

from datetime import timedelta
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from checkout.catalogue import pages as shop
from checkout.catalogue import search_engines
from checkout.catalogue.samples import add_sample_catalogue
from checkout.catalogue.tables import method_menu
from checkout.consumers import consumers
from checkout.my_orders import look_up_page as order_look_up
from checkout.my_orders import pages as order_page
from checkout.order_desk import actions as desk_order_actions
from checkout.order_desk import api as desk_api
from checkout.order_desk import bulk as desk_bulk
from checkout.order_desk import one_order as desk_order
from checkout.order_desk import operations as desk_operations
from checkout.order_desk import work_lists as desk_orders
from checkout.order_desk.standings import Standings
from checkout.orders.catch_up import CatchUp, ask_to_catch_up
from checkout.orders.tables import catch_up
from checkout.payment_menu.read_menu import ReadMenu
from checkout.payment_menu.rows import ask_for_menu
from checkout.placing import api
from checkout.placing import cart_page as cart
from checkout.placing import confirm_page as order_confirm
from checkout.placing import form_pages as order_form
from checkout.placing import wallet_page as amazon_order
from checkout.placing.members import Members
from checkout.placing.till import Busy, Till
from checkout.settings import Settings
from checkout.shop import desk as desk_settings
from checkout.shop.store_files import StoreFiles
from checkout.shop.storefront import DISPATCH, Storefront
from checkout.stock import desk as desk_stock
from checkout.tables import metadata
from shared.app import Service
from shared.clock import now
from shared.database import Database
from shared.due import DueWork
from shared.revocations import RevokedSessions
from shared.statements import Issuer, Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.problems import Problem, answer
from shared.web.session import Sessions

HERE = Path(__file__).parent
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


def template_folders() -> list[Path]:
    """Return where the slices keep their templates."""
    return sorted(HERE.glob("*/templates"))


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

    pages = make_templates(*template_folders(), desk_pages=DESK_PAGES, globals={"dispatch": DISPATCH})
    app.state.db = db
    origin_url = settings.origin_url.rstrip("/")
    app.state.storefront = Storefront(db, till, pages, issuer, verifier, members, origin_url)
    app.mount("/static/shop", StoreFiles(directory=HERE / "static"), name="shop-static")
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
