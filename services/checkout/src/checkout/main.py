"""Wires checkout together."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from checkout.carts.new_carts import CartPace
from checkout.catalogue.sweep_pictures import SweepPictures, ask_to_sweep
from checkout.consumers import consumers
from checkout.order_desk.health_of_services import HealthOfServices
from checkout.orders.catch_up import CatchUp, ask_to_catch_up
from checkout.payment_menu.read_menu import ReadMenu
from checkout.payment_menu.rows import ask_for_menu
from checkout.placing.read_from_members import Members
from checkout.placing.till import Busy, Till
from checkout.product_desk.samples import add_sample_catalogue
from checkout.settings import Settings
from checkout.shop.front import Opening
from checkout.shop.origin import Origin
from checkout.shop.samples import add_sample_shop
from checkout.shop.store_files import StoreFiles
from checkout.shop.tell_shop import STORED
from checkout.static_pages.samples import add_sample_pages
from checkout.tables import metadata
from shared.clock import now
from shared.database.transactions import Database
from shared.files.store import Files
from shared.process.app import Service
from shared.process.file_store import open_files
from shared.process.settings import read_settings
from shared.shop.identity.known import KnownShop
from shared.shop.revocations import RevokedSessions
from shared.shop.statements import Issuer, Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.parts import add_part
from shared.web.problems import Problem, answer
from shared.web.session import Sessions
from shared.web.slices import install_routers, template_folders

HERE = Path(__file__).parent
DESK_PAGES = (
    DeskPage("orders", "受注管理", "/desk/orders", "read_orders"),
    DeskPage("orders", "商品", "/desk/products", "read_stock"),
    DeskPage("orders", "在庫・入荷", "/desk/stock", "read_stock"),
    DeskPage("orders", "店舗設定", "/desk/orders/settings", "read_settings"),
    DeskPage("orders", "開店準備", "/desk/shop/opening", "read_settings"),
    DeskPage("orders", "店舗情報", "/desk/shop", "read_settings"),
    DeskPage("orders", "営業カレンダー", "/desk/shop/calendar", "read_settings"),
    DeskPage("orders", "消費税", "/desk/shop/tax", "read_settings"),
    DeskPage("orders", "特定商取引法", "/desk/shop/law", "read_settings"),
    DeskPage("orders", "ページの編集", "/desk/shop/pages", "read_settings"),
)
RETRY_AFTER_SECONDS = 2


def make() -> Service:
    """Return the service, built from its environment."""
    settings = read_settings(Settings, "checkout")
    if settings.signing_key_file is None or settings.trusted_keys_file is None:
        raise SystemExit("SIGNING_KEY_FILE and TRUSTED_KEYS_FILE are not set: pages need both")
    db = Database(
        settings.database_url.get_secret_value(),
        service="checkout",
        shop=settings.shop,
        connections_max=settings.database_connections_max,
    )
    timeout = httpx.Timeout(settings.page_read_timeout_seconds)
    others = {
        name: httpx.AsyncClient(base_url=url, timeout=timeout)
        for name, url in (
            ("payments", settings.payments_url),
            ("members", settings.members_url),
            ("notifications", settings.notifications_url),
        )
    }
    issuer = Issuer.from_file("checkout", settings.signing_key_file)
    verifier = Verifier.from_file(settings.trusted_keys_file)
    read_menu = ReadMenu(db, others["payments"], every=timedelta(seconds=settings.menu_refresh_seconds))
    till = Till(db, origin_url=settings.origin_url, limits=settings.stock_limits, live=not settings.sandbox)

    files = partial(open_files, "checkout", settings)
    keeps_files = settings.files_location is not None
    sweeping = [SweepPictures(db, files).due_work()] if keeps_files else []

    async def on_start() -> None:
        if settings.sandbox:
            await add_sample_catalogue(db, files() if keeps_files else None)
        async with db.transaction() as tx:
            if settings.sandbox:
                await add_sample_shop(tx, fallback=settings.fallback_shop)
                await add_sample_pages(tx)
            await ask_for_menu(tx, at=now())
            await ask_to_catch_up(tx, at=now())
            await ask_to_sweep(tx, at=now())

    async def close() -> None:
        for client in others.values():
            await client.aclose()

    def pages(app: FastAPI) -> None:
        install(app, db, settings, till, issuer=issuer, verifier=verifier, members=Members(others["members"]))
        add_part(app, HealthOfServices, HealthOfServices(others))
        add_part(app, Files, files())

    return Service(
        name="checkout",
        settings=settings,
        metadata=metadata,
        consumers=consumers,
        db=db,
        resources={Till: till},
        due_work=[read_menu.due_work(), CatchUp(db).due_work(), *sweeping],
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
    """Add all pages and JSON routes of checkout to ``app``."""

    pages = make_templates(
        *template_folders("checkout"),
        desk_pages=DESK_PAGES,
        live=settings.live_templates,
    )
    origin = Origin(settings.origin_url.rstrip("/"))
    app.mount("/static/shop", StoreFiles(directory=HERE / "static"), name="shop-static")
    install_web(
        app,
        pages,
        Sessions(verifier, RevokedSessions(db)),
        {
            Database: db,
            Till: till,
            Members: members,
            Issuer: issuer,
            Origin: origin,
            CartPace: settings.cart_pace,
            Opening: Opening(live=not settings.sandbox),
        },
        origin=settings.origin_url,
        secure=settings.cookie_secure,
        shop=KnownShop(settings.fallback_shop, db=db, stored=STORED),
    )
    install_routers(app, "checkout")
    app.add_exception_handler(Busy, _on_busy)


async def _on_busy(request: Request, error: Exception) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return await answer(request, Problem(503, "busy", headers=headers))
