"""What an Amazon login does here: it lets its member in, links the member who is logged in, or registers one."""

from datetime import datetime

from members.accounts.forms import AmazonSignUp
from members.accounts.rows import email_key, hold_member, member_by_id
from members.addresses.prove_address import address_is_proved, prover_of
from members.registration.register_member import NewMember, register_member
from members.sessions.enter import Browser, Entry, enter
from members.settings import Settings
from members.shop_rules.rows import rules_at
from members.shop_rules.words import AMAZON_OFF
from members.wallets.link_amazon import link_amazon
from members.wallets.statement import Wallet
from members.wallets.used_wallets import use_wallet
from shared.database import Tx
from shared.errors import Refused
from shared.ids import new_id
from shared.sql import Row

AGAIN = "安全のため、もう一度Amazonアカウントでログインしてください。"


async def enter_with_amazon(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, member: Row, *, at: datetime
) -> Entry | None:
    """Log in the member who is linked with the wallet; None where its statement is good for no login any more."""
    if not await _good_once(tx, wallet, member, at=at):
        return None
    return await enter(tx, settings, browser, member, way="amazon", at=at)


async def link_arrival(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, member: Row, *, at: datetime
) -> Entry | None:
    """Link the member who is logged in (MEM-03, MEM-04); a changed right means a new session id.

    Where Amazon vouches for the member's address, that is its proof, too. Returns None where nothing was linked.
    """
    # Whoever proves the address at this moment ends the login that we came with.
    held = await hold_member(tx, member)
    by = await prover_of(tx, browser, by_amazon=True, at=at)
    if not held or by is None or not await _good_once(tx, wallet, None, at=at):
        return None
    linked = await link_amazon(
        tx,
        member_id=member.member_id,
        buyer_id=wallet.buyer_id,
        path="order" if wallet.ordering else "login",
        at=at,
    )
    if not linked:
        return None
    if email_key(wallet.email) == member.email_key:
        await address_is_proved(tx, member.member_id, by, at=at)
    renewed = await member_by_id(tx, member.member_id)
    if renewed is None:
        return None
    return await enter(tx, settings, browser, renewed, way="password", staff_role=browser.staff, at=at)


async def register_arrival(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, asked: AmazonSignUp, *, at: datetime
) -> Entry:
    """Register with Amazon's address and without a shop password, and log in (MEM-06). Raises Refused."""
    rules = await rules_at(tx, at)
    if not rules.amazon_login:
        raise Refused("amazon_login_off", AMAZON_OFF, status=403)
    if not await _good_once(tx, wallet, None, at=at):
        raise Refused("amazon_login_used", AGAIN, status=403)
    new = NewMember(
        member_id=new_id(),
        name=asked.name,
        kana=asked.kana,
        email=wallet.email,
        newsletter=asked.newsletter,
        buyer_id=wallet.buyer_id,
        email_proved=True,
    )
    await register_member(tx, new, rules=rules, via="amazon", at=at)
    member = await member_by_id(tx, new.member_id)
    if member is None:
        raise LookupError("the member just stored is gone")
    return await enter(tx, settings, browser, member, way="amazon", at=at)


async def _good_once(tx: Tx, wallet: Wallet, member: Row | None, *, at: datetime) -> bool:
    """Use the statement up for a login; False if it was used, or is older than a logout from everywhere (A2)."""
    ended_at = member.sessions_ended_at if member is not None else None
    if ended_at is not None and wallet.issued_at <= ended_at:
        return False
    return await use_wallet(tx, wallet.statement_hash, at=at)
