"""The effect of an Amazon login: it logs its member in, links the logged-in member, or registers a new one."""

from dataclasses import dataclass
from datetime import datetime

from members.accounts.forms import AmazonSignUp
from members.accounts.rows import (
    Member,
    email_key,
    lock_member,
    member_by_buyer,
    member_by_email,
    member_by_id,
)
from members.addresses.prove_address import address_is_proved, prover_of
from members.arrivals.rules import ArrivalStep, next_step
from members.registration.register_member import NewMember, register_member
from members.sessions.enter import Browser, NewLogin, enter, enter_anew
from members.settings import Settings
from members.shop_rules.labels import AMAZON_OFF
from members.shop_rules.rows import rules_at
from members.wallets.link_amazon import link_amazon
from members.wallets.statement import Wallet
from members.wallets.used_wallets import use_wallet
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.ids import new_id

AGAIN = "安全のため、もう一度Amazonアカウントでログインしてください。"


@dataclass(frozen=True)
class Arrival:
    """The next step, and the new login if there is one.

    ``asks_password`` means that a link needs the viewer's present password.
    """

    step: ArrivalStep
    entry: NewLogin | None = None
    asks_password: bool = False


async def arrive(
    tx: Tx,
    settings: Settings,
    browser: Browser,
    wallet: Wallet,
    *,
    confirmed: bool,
    password_shown: bool,
    at: datetime,
) -> Arrival:
    """Decide the effect of an Amazon login. Log in its member, or link the member who is logged in.

    ``confirmed`` means that the viewer agreed on a page that names the Amazon account. ``password_shown`` means that
    the viewer also typed the present password; a member without a password need not.
    """
    rules = await rules_at(tx, at)
    viewer = await member_by_id(tx, browser.member_id) if browser.member_id else None
    buyer = await member_by_buyer(tx, wallet.buyer_id)
    same_address = await member_by_email(tx, wallet.email) if wallet.email else None
    step = next_step(
        login_allowed=rules.amazon_login,
        ordering=wallet.ordering,
        viewer_id=viewer.member_id if viewer else None,
        viewer_linked=viewer is not None and viewer.linked_at is not None,
        viewer_proved=viewer is not None and _proved(viewer, wallet),
        buyers_member_id=buyer.member_id if buyer else None,
        email_known=same_address is not None,
        confirmed=confirmed,
        password_shown=password_shown or (viewer is not None and viewer.password_hash is None),
    )
    if step == "enter" and buyer is not None:
        return Arrival(step, await _enter(tx, settings, browser, wallet, buyer, at=at))
    if step == "link" and viewer is not None:
        return Arrival(step, await _link(tx, settings, browser, wallet, viewer, at=at))
    return Arrival(step, asks_password=viewer is not None and viewer.password_hash is not None)


def _proved(member: Member, wallet: Wallet) -> bool:
    """Return whether the member's address is proved, or equals the address that Amazon vouches for."""
    return member.email_verified_at is not None or email_key(wallet.email) == member.email_key


async def _enter(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, member: Member, *, at: datetime
) -> NewLogin | None:
    """Log in the member who is linked with the wallet. Return None if its statement can no longer log in."""
    if not await _good_once(tx, wallet, member, at=at):
        return None
    return await enter(tx, settings, browser, member, way="amazon", at=at)


async def _link(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, member: Member, *, at: datetime
) -> NewLogin | None:
    """Link the member who is logged in (MEM-03, MEM-04). A change of rights needs a new session id.

    If Amazon vouches for the member's address, this also proves it. Returns None if nothing was linked.
    """
    # A concurrent proof of the address ends the login of this arrival.
    unchanged = await lock_member(tx, member)
    by = await prover_of(tx, browser, by_amazon=True, at=at)
    if not unchanged or by is None or not await _good_once(tx, wallet, None, at=at):
        return None
    linked = await link_amazon(
        tx,
        member=member,
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
    return await enter_anew(tx, settings, browser, renewed, at=at)


async def register_arrival(
    tx: Tx, settings: Settings, browser: Browser, wallet: Wallet, asked: AmazonSignUp, *, at: datetime
) -> NewLogin:
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


async def _good_once(tx: Tx, wallet: Wallet, member: Member | None, *, at: datetime) -> bool:
    """Use up the statement for a login. Return False if it was used, or is older than a logout (A2)."""
    ended_at = member.amazon_login_after if member is not None else None
    if ended_at is not None and wallet.issued_at <= ended_at:
        return False
    return await use_wallet(tx, wallet.statement_hash, at=at)
