"""The wiring of the payments service."""

import os

from fastapi import FastAPI
from pydantic import ValidationError

from payments.consumers import consumers
from payments.desk.rows import count_attention
from payments.methods import visit_pages
from payments.methods.method import HasPages, Shop
from payments.methods.registry import Methods, find_methods
from payments.methods.registry import template_folders as folders_of_methods
from payments.notices import api as notices_api
from payments.notices.act_on_notices import Notices
from payments.orders.counter import PaymentCounter
from payments.requests.perform_requests import Requests
from payments.requests.provider_gate import ProviderGate
from payments.settings import Settings
from payments.shop.rows import read_payment_settings
from payments.tables import metadata
from payments.watching.watch_payments import Watch
from shared.database.transactions import Database, Tx
from shared.process.app import Service
from shared.process.settings import in_one_line
from shared.shop.identity.known import KnownShop
from shared.shop.revocations import RevokedSessions
from shared.shop.statements import Issuer, Verifier
from shared.web.edge import ContentSecurity
from shared.web.pages import DeskPage, Pages, install_web, make_templates
from shared.web.session import Sessions
from shared.web.slices import install_routers, template_folders

DESK_PAGES = (
    DeskPage("payments", "決済一覧", "/desk/payments", "read_payments"),
    DeskPage("payments", "決済設定", "/desk/payments/settings", "read_settings"),
)


def make() -> Service:
    """Return the service as its environment describes it. If this is not possible, exit with one line."""
    try:
        return _make(Settings())
    except ValidationError as error:
        raise SystemExit(f"payments: {in_one_line(error)}") from None


def _make(settings: Settings) -> Service:
    db = Database(
        settings.database_url.get_secret_value(),
        service="payments",
        shop=settings.shop,
        connections_max=settings.database_connections_max,
    )
    shop = Shop(
        origin_url=settings.origin_url,
        sandbox=settings.sandbox,
        environment=dict(os.environ),
        issuer=Issuer.from_file("payments", settings.signing_key_file) if settings.signing_key_file else None,
        known=KnownShop(settings.fallback_shop, db=db),
    )
    methods = find_methods(settings.payments_methods, shop)
    return make_service(settings, db, methods, shop)


def make_service(settings: Settings, db: Database, methods: Methods, shop: Shop) -> Service:
    """Return the service with the given parts."""
    gate = ProviderGate(methods)
    at_once = settings.payments_requests_at_once
    return Service(
        name="payments",
        settings=settings,
        metadata=metadata,
        consumers=consumers,
        db=db,
        resources={Methods: methods, Settings: settings},
        due_work=[
            Requests(gate).due_work(concurrency=at_once),
            Notices(gate).due_work(concurrency=at_once),
            Watch(gate).due_work(concurrency=at_once),
        ],
        install_pages=lambda app: install_pages(app, settings, db, methods, shop),
        close=methods.close,
        figures=lambda tx: read_figures(tx, methods),
    )


async def read_figures(tx: Tx, methods: Methods) -> dict[str, int]:
    """Return the counts for the page of operations: payments that wait for a person, methods that buyers may choose."""
    settings = await read_payment_settings(tx)
    return await count_attention(tx) | {"methods_offered": sum(map(settings.offers, methods))}


def install_pages(app: FastAPI, settings: Settings, db: Database, methods: Methods, shop: Shop) -> None:
    """Add the desk, the JSON routes, the notices and the methods' own pages to the application."""
    pages = make_pages(live=settings.live_templates)
    visited = [method for method in methods.values() if method.terms.visit is not None]
    if settings.trusted_keys_file is None:
        raise SystemExit("TRUSTED_KEYS_FILE is not set: pages need it to know who is looking")

    install_web(
        app,
        pages,
        Sessions(Verifier.from_file(settings.trusted_keys_file), RevokedSessions(db)),
        {Database: db, Methods: methods},
        origin=settings.origin_url,
        secure=settings.cookie_secure,
        shop=shop.known,
        csrf_exempt=[
            *(notices_api.address(provider) for provider in methods.providers),
            *(method.back_path for method in visited),
        ],
        content_security=ContentSecurity(),
    )
    install_routers(app, "payments")
    app.include_router(notices_api.router(methods))
    counter = PaymentCounter(shop, pages, db, methods)
    for method in visited:
        app.include_router(visit_pages.router(method, counter))
    for method in methods.values():
        if isinstance(method, HasPages):
            app.include_router(method.router(counter))


def make_pages(*, live: bool = False) -> Pages:
    """Return the templates of the service and of its methods. ``live`` reads a changed template again."""
    folders = (*template_folders("payments"), *folders_of_methods())
    return make_templates(*folders, desk_pages=DESK_PAGES, live=live)
