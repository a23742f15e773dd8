"""Wires members. Only this file knows all parts."""

from fastapi import FastAPI

from members.accounts.hasher import PasswordHasher
from members.benefits.release_benefit import OverdueReservation, ReleaseBenefits
from members.benefits.tables import benefit_reservations
from members.consumers import consumers
from members.passwords.wish_for_reset import MailResets
from members.points.expire_points import ExpirePoints, LapsedGrant
from members.points.tables import point_grants
from members.sessions.check_session import revocation
from members.settings import Settings
from members.staff.add_staff import ensure_demo_staff
from members.tables import metadata
from shared.database.planning import LONG
from shared.database.transactions import Database
from shared.due.work import DueWork
from shared.process.app import Service
from shared.process.settings import read_settings
from shared.shop.identity.known import KnownShop
from shared.shop.statements import Issuer, Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.session import Sessions
from shared.web.slices import install_routers, template_folders

DESK_PAGES = (
    DeskPage("members", "会員検索", "/desk/members", "read_members"),
    DeskPage("members", "クーポン", "/desk/members/coupons", "read_coupons"),
    DeskPage("members", "ポイント・会員設定", "/desk/members/rules", "read_settings"),
    DeskPage("members", "スタッフ", "/desk/members/staff", "manage_staff"),
    DeskPage("members", "操作の記録", "/desk/members/deeds", "read_deeds"),
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
    """Add the pages and routes of members to ``app``."""
    pages = make_templates(*template_folders("members"), desk_pages=DESK_PAGES, live=settings.live_templates)
    install_web(
        app,
        pages,
        Sessions(verifier, revocation(db)),
        {Database: db, Settings: settings, PasswordHasher: hasher, Issuer: issuer},
        origin=settings.origin_url,
        secure=settings.cookie_secure,
        shop=KnownShop(settings.fallback_shop, db=db),
    )
    install_routers(app, "members")
