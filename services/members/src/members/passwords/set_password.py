"""Sets a new password, with the present one or by a link (MEM-20, MEM-27)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.accounts.rows import Member, lock_member, member_by_id, past_password_hashes, set_password
from members.addresses.prove_address import BY_MAIL_ALONE, LinkEnded, address_is_proved
from members.addresses.rows import is_request_valid, use_request, void_requests
from members.sessions.check_password import WrongCredentials, check_password
from members.sessions.end_sessions import end_all_sessions
from members.sessions.enter import Browser
from members.sessions.pacing import NEW_PASSWORDS, keep_pace
from members.wallets.rows import end_link
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.events import PasswordChanged
from shared.shop.mail_links import LinkPurpose, MailLink

FIELD = "new_password"


async def change_password(
    db: Database, hasher: PasswordHasher, browser: Browser, member: Member, *, present: str, password: str
) -> None:
    """Change the password of a member who knows the ``present`` one. End all sessions except that of the browser.

    Raises Refused for a wrong present password, a weak new one, one that the account has had before (MEM-22), and if
    all logins ended meanwhile. Also raises TooManyAttempts.
    """
    await check_present_password(db, hasher, browser, member, present)
    password_hash = await hash_new_password(db, hasher, member, password)
    async with db.transaction() as tx:
        if not await lock_member(tx, member):
            raise Refused("logins_ended", "もう一度ログインしてください", status=409)
        await store_password(tx, member, password_hash, way="form", at=now(), but=browser.session_id)


async def check_present_password(
    db: Database, hasher: PasswordHasher, browser: Browser, member: Member, present: str
) -> None:
    """Check the ``present`` password of the member who is logged in, within the limits of logins.

    Raises Refused for a wrong one, and TooManyAttempts.
    """
    try:
        await check_password(
            db, hasher, email=member.email, password=present, ip=browser.ip, device=browser.device
        )
    except WrongCredentials:
        raise Refused("wrong_password", "現在のパスワードが違います", field="password", status=422) from None


async def reset_password(
    db: Database, hasher: PasswordHasher, purpose: LinkPurpose, link: MailLink, password: str
) -> Member:
    """Set the password of the member of a link, use up the link and end all sessions. Return the member.

    It also ends the link with an Amazon account: the person who recovers an account ends the access of all others. A
    member without a password has only the Amazon account and keeps it.

    A mailed link also proves the address. A link for that proof can also set a new password. Raises LinkEnded, Refused
    and TooManyAttempts.
    """
    async with db.transaction() as tx:
        member = await member_by_id(tx, link.member_id)
        if member is None or not await is_request_valid(tx, purpose, link, at=now()):
            raise LinkEnded
    password_hash = await hash_new_password(db, hasher, member, password)
    async with db.transaction() as tx:
        at = now()
        if not await use_request(tx, purpose, link, at=at):
            raise LinkEnded
        await store_password(tx, member, password_hash, way="reset", at=at, but=None)
        await address_is_proved(tx, member.member_id, BY_MAIL_ALONE, at=at)
        if member.password_hash is not None:
            await end_link(tx, member.member_id, at=at, reason="password_reset")
    return member


async def hash_new_password(db: Database, hasher: PasswordHasher, member: Member, password: str) -> str:
    """Return the hash of an accepted password. No transaction is open during the computation."""
    person = Person(member.email, (member.name, member.kana), (member.phone,), db.shop)
    if reason := weakness(password, person):
        raise Refused("password_weak", reason, field=FIELD)
    async with db.transaction() as tx:
        await keep_pace(tx, NEW_PASSWORDS, str(member.member_id), at=now())
        hashes = await past_password_hashes(tx, member.member_id)
    if await hasher.any_of(hashes, password):
        raise Refused(
            "password_used_before",
            "過去に使用したパスワードは使用できません。別のパスワードを入力してください。",
            field=FIELD,
        )
    return await hasher.hash(password, salt_of=hashes[-1] if hashes else None)


async def store_password(
    tx: Tx,
    member: Member,
    password_hash: str,
    *,
    way: Literal["form", "reset"],
    at: datetime,
    but: UUID | None,
) -> None:
    """Store a new password, end all sessions except perhaps ``but``, and publish the change."""
    await set_password(tx, member.member_id, password_hash, at=at)
    await end_all_sessions(tx, member.member_id, at=at, but=but)
    await void_requests(tx, member.member_id, ["password_reset"], at=at)
    tx.say(
        PasswordChanged(
            member_id=member.member_id, name=member.name, email=member.email, way=way, changed_at=at
        )
    )
