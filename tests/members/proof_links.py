"""Links that prove an address."""

import httpx

from shared.events import EmailVerificationRequested
from shared.shop.mail_links import link_of, make_link
from tests.members.members_service import ORIGIN, MembersService

VERIFY = "/members/verify-email"


async def opens_link(
    members: MembersService, browser: httpx.AsyncClient, event: EmailVerificationRequested
) -> httpx.Response:
    """Open the link of a mail and return the page it ends on."""
    link = make_link(members.keys.issuers["notifications"], ORIGIN, *link_of(event))
    return await browser.get((await browser.get(link)).headers["location"])
