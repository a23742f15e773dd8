"""The pages of notifications, put on the application of its web role."""

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI

from notifications.mail_log import desk as mail_log
from notifications.mail_log import desk_detail as mail_detail
from notifications.mail_settings import desk as mail_settings
from notifications.mails.desk import Desk
from notifications.message_centre import pages as message_centre
from notifications.previews import desk as previews
from shared.database.transactions import Database
from shared.shop.statements import Verifier
from shared.web.pages import DeskPage, install_web, make_templates
from shared.web.session import IsRevoked, Sessions

DESK_PAGES = (
    DeskPage("mails", "メール送信記録", "/desk/mails"),
    DeskPage("mails", "メール設定一覧", "/desk/mails/settings"),
    DeskPage("mails", "プレビュー", "/desk/mails/preview"),
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
    """Return the function that puts the pages on an application.

    ``origin`` is what browsers see; ``live`` reads a changed template again.
    """
    folders = sorted(Path(__file__).parent.glob("*/templates"))
    templates = make_templates(*folders, desk_pages=DESK_PAGES, live=live)

    def install(app: FastAPI) -> None:
        # `/desk/mails/settings` before `/desk/mails/{mail_id}`.
        for module in (mail_settings, previews, mail_log, mail_detail, message_centre):
            app.include_router(module.router)
        own = {Database: db, Desk: desk}
        install_web(app, templates, Sessions(verifier, is_revoked), own, origin=origin, secure=secure)

    return install
