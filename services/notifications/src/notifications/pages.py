"""Adds the pages of notifications to the application of its web role."""

from collections.abc import Callable

from fastapi import FastAPI

from notifications.mails.desk import Desk
from shared.database.transactions import Database
from shared.shop.statements import Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.session import IsRevoked, Sessions
from shared.web.slices import install_routers, template_folders

DESK_PAGES = (
    DeskPage("mails", "メール送信記録", "/desk/mails", "read_mails"),
    DeskPage("mails", "メール設定一覧", "/desk/mails/settings", "read_settings"),
    DeskPage("mails", "プレビュー", "/desk/mails/preview", "read_mails"),
)


def page_installer(
    db: Database,
    desk: Desk,
    verifier: Verifier,
    is_revoked: IsRevoked,
    *,
    origin: str,
    secure: bool,
    live: bool = False,
) -> Callable[[FastAPI], None]:
    """Return the function that adds the pages to an application.

    ``origin`` is the address that browsers see. ``live`` reads a changed template again.
    """
    folders = template_folders("notifications")
    templates = make_templates(*folders, desk_pages=DESK_PAGES, live=live)

    def install(app: FastAPI) -> None:
        install_routers(app, "notifications")
        own = {Database: db, Desk: desk}
        install_web(
            app,
            templates,
            Sessions(verifier, is_revoked),
            own,
            origin=origin,
            secure=secure,
            shop=desk.mails.known_shop,
        )

    return install
