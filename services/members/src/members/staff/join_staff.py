"""Becomes staff by the link of an invitation, with a new password (STF-01)."""

from datetime import datetime
from uuid import UUID

from members.accounts.hasher import PasswordHasher
from members.accounts.labels import role_label
from members.accounts.passwords import Person, weakness
from members.accounts.rows import Member, member_by_email
from members.addresses.prove_address import BY_MAIL_ALONE, LinkEnded, address_is_proved
from members.deeds.rows import Doer, Traces, note_deed
from members.passwords.set_password import FIELD, hash_new_password, store_password
from members.staff.invitations import Invitation, invitation_of, use_invitation
from members.staff.open_account import open_account
from members.staff.rows import lock_owners
from members.staff.standing import Standing, set_standing
from members.wallets.rows import end_link
from shared.clock import now
from shared.database.transactions import Database, Tx
from shared.errors import Refused
from shared.shop.mail_links import MailLink


async def join_staff(
    db: Database, hasher: PasswordHasher, link: MailLink, password: str, *, ip: str, device: str
) -> Invitation:
    """Use up the link, set the password and give the role. Return the invitation.

    A member with the address keeps the account. The link proves the address, and the new password ends all logins and
    the Amazon link of before: nobody reaches the desk with a password that a stranger chose. Raises LinkEnded, also for
    who is staff already, Refused for a weak password and TooManyAttempts.
    """
    async with db.transaction() as tx:
        invitation = await invitation_of(tx, link, at=now())
        member = await member_by_email(tx, link.email)
    if invitation is None:
        raise LinkEnded
    if member is not None:
        password_hash = await hash_new_password(db, hasher, member, password)
    else:
        if reason := weakness(password, Person(invitation.email, (invitation.name,), (), db.shop)):
            raise Refused("password_weak", reason, field=FIELD)
        password_hash = await hasher.hash(password)
    async with db.transaction() as tx:
        await lock_owners(tx)
        at = now()
        if not await use_invitation(tx, invitation.request_id, at=at):
            raise LinkEnded
        member_id = await _with_password(tx, invitation, member, password_hash, at=at)
        await set_standing(tx, member_id, Standing(invitation.role), at=at)
        traces = Traces(after=role_label(invitation.role), about_id=member_id)
        by = Doer(member_id, invitation.name, ip, device)
        subject = f"{invitation.name}（{invitation.email}、招待した人：{invitation.invited_by}）"
        await note_deed(tx, by, "role_given", subject, traces=traces, at=at)
    return invitation


async def _with_password(
    tx: Tx, invitation: Invitation, member: Member | None, password_hash: str, *, at: datetime
) -> UUID:
    """Store the password of the member, or the new account. Return its id. Raises LinkEnded if that came in between."""
    if member is None:
        made = await open_account(
            tx,
            invitation.member_id,
            name=invitation.name,
            email=invitation.email,
            password_hash=password_hash,
            at=at,
        )
        if not made:
            raise LinkEnded
        return invitation.member_id
    await store_password(tx, member, password_hash, way="reset", at=at, but=None)
    await address_is_proved(tx, member.member_id, BY_MAIL_ALONE, at=at)
    if member.password_hash is not None:
        await end_link(tx, member.member_id, at=at, reason="password_reset")
    return member.member_id
