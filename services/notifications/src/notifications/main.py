"""Wires notifications. Only this file knows all parts."""

from notifications.consumers import consumers
from notifications.mail_log.rows import count_left_lying
from notifications.mailing.one_time_links import OneTimeLinks
from notifications.mailing.send_mail import MailSending
from notifications.mailing.smtp import MailServer
from notifications.mails.desk import Desk
from notifications.mails.rendering import Mails, Shop
from notifications.pages import page_installer
from notifications.settings import Settings
from notifications.tables import metadata
from shared.database.transactions import Database
from shared.process.app import Service
from shared.process.settings import read_settings
from shared.shop.identity.known import KnownShop
from shared.shop.revocations import RevokedSessions
from shared.shop.statements import Issuer, Verifier

# Mails that wait for a connection have begun already, so that they begin and end many at a time.
IN_HAND_PER_CONNECTION = 8


def make(settings: Settings | None = None) -> Service:
    """Return the service, built from the environment (or ``settings``)."""
    settings = settings or read_settings(Settings, "notifications")
    db = Database(
        settings.database_url.get_secret_value(),
        service="notifications",
        shop=settings.shop,
        connections_max=settings.database_connections_max,
    )
    mails = Mails(
        Shop(
            name=settings.shop_name,
            url=settings.origin_url,
            mail=settings.mail_from.address,
            contact=settings.shop_contact,
            desk_mail=settings.desk_mail,
        ),
        known_shop=KnownShop(settings.fallback_shop, db=db),
    )
    server = mail_server(settings)
    key = settings.signing_key_file
    links = OneTimeLinks(Issuer.from_file("notifications", key), settings.origin_url) if key else None
    sending = MailSending(server, mails, sender=settings.mail_from, pace=settings.pace, links=links)
    keys = settings.trusted_keys_file
    return Service(
        name="notifications",
        settings=settings,
        metadata=metadata,
        consumers=consumers,
        db=db,
        resources={Mails: mails},
        due_work=[sending.due_work(concurrency=settings.smtp_connections_max * IN_HAND_PER_CONNECTION)],
        install_pages=page_installer(
            db,
            Desk(mails, settings.mail_from),
            Verifier.from_file(keys) if keys else Verifier({"keys": ()}),
            RevokedSessions(db),
            origin=settings.origin_url,
            secure=settings.cookie_secure,
            live=settings.live_templates,
        ),
        close=server.close,
        figures=count_left_lying,
    )


def mail_server(settings: Settings) -> MailServer:
    """Return the mail server that the environment (``settings``) names."""
    password = settings.smtp_password
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from.address,
        security=settings.smtp_security,
        username=settings.smtp_username,
        password=password.get_secret_value() if password else None,
        timeout_seconds=settings.smtp_timeout_seconds,
        connections_max=settings.smtp_connections_max,
    )
