"""Links that set a forgotten password: asked for, mailed, opened, used."""

from typing import Any

import httpx

from harness.due_once import claim, perform
from members.passwords.wish_for_reset import MailResets
from shared.events import PasswordResetRequested
from shared.shop.mail_links import link_of, make_link
from tests.members.members_service import ORIGIN, MembersService

FORGOT, RESET = "/members/password/forgot", "/members/password/reset"
NEW = "tsugi-no-tobira-8"


async def mails_go_out(members: MembersService) -> list[PasswordResetRequested]:
    """Let due work look whose the typed addresses are; return all that was asked of notifications."""
    work = MailResets(members.db).due_work()
    await perform(members.db, work, (await claim(members.db, work)).items)
    return await members.said(PasswordResetRequested)


def address_in_mail(members: MembersService, event: PasswordResetRequested) -> str:
    """The address that notifications puts into the mail."""
    return make_link(members.keys.issuers["notifications"], ORIGIN, *link_of(event))


async def opens_link(members: MembersService, browser: httpx.AsyncClient, event: Any) -> httpx.Response:
    """Open the link of a mail as a browser does, and return the page it ends on."""
    first = await browser.get(address_in_mail(members, event))
    return await browser.get(first.headers["location"])


async def asks(members: MembersService, email: str = "aya@example.jp") -> PasswordResetRequested:
    """Ask for a link on the page and return the newest request."""
    async with members.browser() as browser:
        assert (await browser.post(FORGOT, data={"email": email})).status_code == 200
    return (await mails_go_out(members))[-1]


def sets(browser: httpx.AsyncClient, password: str = NEW, repeated: str = "") -> Any:
    """Send the form of the link's page."""
    return browser.post(RESET, data={"new_password": password, "repeated": repeated or password})
