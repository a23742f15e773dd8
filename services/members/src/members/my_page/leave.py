"""A logout also uses up the one-time statements of the browser, so that copies of them are invalid."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from fastapi import Request

from members.addresses.links import link_in_browser
from members.addresses.rows import use_request, void_requests
from members.wallets.statement import Wallet, wallet_of
from members.wallets.used_wallets import use_wallet
from shared.database.transactions import Tx
from shared.shop.mail_links import PATH, LinkPurpose, MailLink
from shared.web.parts import Parts

Links = Mapping[LinkPurpose, MailLink]


async def rights_of(request: Request, parts: Parts) -> tuple[Wallet | None, Links]:
    """Return the Amazon login and the links of mails in a browser.

    Reserved points and coupons are not included, because they are valid only with the session.
    """
    found = {purpose: link_in_browser(request, parts, purpose) for purpose in PATH}
    links = {purpose: link for purpose, link in found.items() if link is not None}
    return await wallet_of(request, parts), links


async def use_up(tx: Tx, wallet: Wallet | None, links: Links, *, at: datetime) -> None:
    """Use up an Amazon login and links of mails. Used and expired ones are not changed."""
    if wallet is not None:
        await use_wallet(tx, wallet.statement_hash, at=at)
    for purpose, link in links.items():
        await use_request(tx, purpose, link, at=at)


async def void_links(tx: Tx, member_id: UUID, *, at: datetime) -> None:
    """Make the links of a member's mails invalid, because a browser whose login was ended may have opened one."""
    await void_requests(tx, member_id, list(PATH), at=at)
