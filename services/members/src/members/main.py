"""Wires members together; the only file that does."""

from pathlib import Path

from fastapi import FastAPI

from members import api
from members.add_staff import ensure_demo_staff
from members.consumers import consumers
from members.password_hasher import PasswordHasher
from members.reserve_benefit import ReleaseBenefits
from members.settings import Settings
from members.settle_points import ExpirePoints
from members.storage.point_tables import benefit_reservations, point_grants
from members.storage.tables import metadata
from members.web import (
    amazon,
    benefits,
    desk_coupon,
    desk_coupons,
    desk_deeds,
    desk_login,
    desk_member,
    desk_members,
    desk_rules,
    key_set,
    login,
    mypage,
    password,
    reset,
    signup,
    staff_session,
    verify_email,
)
from members.web.check_session import revocation
from members.web.parts import Parts
from members.wish_for_reset import MailResets
from shared.app import Service
from shared.database import Database
from shared.due import DueWork
from shared.statements import Issuer, Verifier
from shared.web.cookies import Cookies
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
    login.router,
    signup.router,
    amazon.router,
    mypage.router,
    password.router,
    reset.router,
    verify_email.router,
    benefits.router,
    desk_login.router,
    staff_session.router,
    desk_deeds.router,
    desk_rules.router,
    desk_coupons.router,
    desk_coupon.router,
    desk_members.router,
    desk_member.router,
    api.router,
)


def make() -> Service:
    """Build the service from the environment."""
    settings = Settings()
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
        owners = Database(owner_url, service="members", shop=settings.shop)
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
            DueWork("release_benefits", benefit_reservations, ReleaseBenefits(db)),
            DueWork("expire_points", point_grants, ExpirePoints(db)),
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
    pages = make_templates(Path(__file__).parent / "web" / "templates", desk_pages=DESK_PAGES)
    app.state.members = Parts(db, pages, settings, hasher, issuer, verifier, Cookies(settings.cookie_secure))
    install_web(
        app,
        pages,
        Sessions(verifier, revocation(db)),
        origin=settings.origin_url,
        secure=settings.cookie_secure,
    )
    for router in ROUTERS:
        app.include_router(router)
