"""Wires members together; the only file that does."""

from pathlib import Path

from fastapi import FastAPI

from members.accounts.hasher import PasswordHasher
from members.addresses import pages as address_pages
from members.arrivals import pages as arrival_pages
from members.benefits import api as benefit_api
from members.benefits import pages as benefit_pages
from members.benefits.release_benefit import OverdueReservation, ReleaseBenefits
from members.benefits.tables import benefit_reservations
from members.consumers import consumers
from members.coupons import desk as coupon_desk
from members.coupons import desk_issue
from members.deeds import desk as deed_desk
from members.member_desk import desk as member_desk
from members.member_desk import desk_member
from members.my_page import api as my_page_api
from members.my_page import pages as my_page
from members.passwords import pages as password_pages
from members.passwords import reset, verify
from members.passwords.wish_for_reset import MailResets
from members.points.expire_points import ExpirePoints, LapsedGrant
from members.points.tables import point_grants
from members.registration import pages as registration_pages
from members.sessions import key_set
from members.sessions import pages as session_pages
from members.sessions.check_session import revocation
from members.settings import Settings
from members.shop_rules import api as rules_api
from members.shop_rules import desk as rules_desk
from members.staff import pages as staff_pages
from members.staff import renewal
from members.staff.add_staff import ensure_demo_staff
from members.tables import metadata
from members.wallets import api as wallet_api
from shared.database.planning import LONG
from shared.database.transactions import Database
from shared.due.work import DueWork
from shared.process.app import Service
from shared.process.settings import read_settings
from shared.shop.statements import Issuer, Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.session import Sessions

DESK_PAGES = (
    DeskPage("members", "会員検索", "/desk/members"),
    DeskPage("members", "クーポン", "/desk/members/coupons"),
    DeskPage("members", "ポイント・会員設定", "/desk/members/rules"),
    DeskPage("members", "操作の記録", "/desk/members/deeds"),
)
# The order decides: fixed paths of the desk before those with a member's id.
ROUTERS = (
    key_set.router,
    session_pages.router,
    registration_pages.router,
    arrival_pages.router,
    my_page.router,
    password_pages.router,
    reset.router,
    address_pages.router,
    verify.router,
    benefit_pages.router,
    staff_pages.router,
    renewal.router,
    deed_desk.router,
    rules_desk.router,
    coupon_desk.router,
    desk_issue.router,
    member_desk.router,
    desk_member.router,
    my_page_api.router,
    wallet_api.router,
    rules_api.router,
    benefit_api.router,
)


def make() -> Service:
    """Build the service from the environment."""
    settings = read_settings(Settings, "members")
    db = Database(
        settings.database_url.get_secret_value(),
        service="members",
        shop=settings.shop,
        connections_max=settings.database_connections_max,
    )
    hasher = PasswordHasher(settings.argon2_threads)

    def install_pages(app: FastAPI) -> None:
        if settings.signing_key_file is None or settings.trusted_keys_file is None:
            raise SystemExit("the web role needs SIGNING_KEY_FILE and TRUSTED_KEYS_FILE")
        issuer = Issuer.from_file("members", settings.signing_key_file)
        install(app, settings, db, hasher, issuer, Verifier.from_file(settings.trusted_keys_file))

    async def after_migration(owner_url: str) -> None:
        if not settings.sandbox:
            return
        owners = Database(owner_url, service="members", shop=settings.shop, planning=LONG)
        try:
            await ensure_demo_staff(owners, hasher, settings.staff_demo_password.get_secret_value())
        finally:
            await hasher.close()
            await owners.close()

    return Service(
        name="members",
        settings=settings,
        metadata=metadata,
        consumers=consumers,
        db=db,
        due_work=[
            DueWork("release_benefits", benefit_reservations, ReleaseBenefits(db), kind=OverdueReservation),
            DueWork("expire_points", point_grants, ExpirePoints(db), kind=LapsedGrant),
            MailResets(db).due_work(),
        ],
        install_pages=install_pages,
        close=hasher.close,
        after_migration=after_migration,
    )


def install(
    app: FastAPI,
    settings: Settings,
    db: Database,
    hasher: PasswordHasher,
    issuer: Issuer,
    verifier: Verifier,
) -> None:
    """Put the pages and routes of members on ``app``."""
    pages = make_templates(
        *Path(__file__).parent.glob("*/templates"), desk_pages=DESK_PAGES, live=settings.live_templates
    )
    install_web(
        app,
        pages,
        Sessions(verifier, revocation(db)),
        {Database: db, Settings: settings, PasswordHasher: hasher, Issuer: issuer},
        origin=settings.origin_url,
        secure=settings.cookie_secure,
    )
    for router in ROUTERS:
        app.include_router(router)
