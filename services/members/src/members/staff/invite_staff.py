"""Invites a person to the desk: a one-time link by mail gives the role (STF-01)."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, Field

from members.accounts.labels import role_label
from members.accounts.rows import member_by_email
from members.deeds.rows import Doer, Traces, note_deed
from members.staff.invitations import Invitation, end_invitation, insert_invitation
from members.staff.rows import lock_owners, staff_of
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import StaffInvited
from shared.ids import new_id
from shared.web.fields import Email, PersonName
from shared.web.staff_rights import Role

VALID_FOR = timedelta(hours=48)


class InviteForm(BaseModel):
    """The person to invite, and the role that the link gives."""

    name: PersonName
    email: Email
    role: Role = Field(title="役割")


async def invite_staff(tx: Tx, asked: InviteForm, *, by: Doer, at: datetime) -> Invitation:
    """Store the invitation and request its mail. It replaces an earlier one to the address.

    Whoever becomes staff meanwhile by an earlier one is waited for.

    Raises Refused for a person who is staff already. A member who is a customer may be invited: the account keeps its
    points and orders.
    """
    await lock_owners(tx)
    member = await member_by_email(tx, asked.email)
    if member is not None and await staff_of(tx, member.member_id, at=at) is not None:
        raise Refused(
            "already_staff", "このメールアドレスの人は、すでにスタッフです。", field="email", status=422
        )
    invitation = Invitation(
        request_id=new_id(),
        member_id=member.member_id if member is not None else new_id(),
        name=asked.name,
        email=member.email if member is not None else asked.email,
        role=asked.role,
        invited_by=by.name,
        invited_at=at,
        expires_at=at + VALID_FOR,
    )
    await insert_invitation(tx, invitation)
    tx.say(
        StaffInvited(
            member_id=invitation.member_id,
            request_id=invitation.request_id,
            name=invitation.name,
            email=invitation.email,
            invited_by=by.name,
            expires_at=invitation.expires_at,
        )
    )
    subject = f"{invitation.name}（{invitation.email}）"
    traces = Traces(after=role_label(invitation.role), about_id=invitation.member_id)
    await note_deed(tx, by, "staff_invited", subject, traces=traces, at=at)
    return invitation


async def withdraw_invitation(tx: Tx, request_id: UUID, *, by: Doer, at: datetime) -> Invitation:
    """Make the link of an invitation invalid. Raises Refused if it was used or withdrawn before."""
    invitation = await end_invitation(tx, request_id, at=at)
    if invitation is None:
        raise Refused("invitation_ended", "この招待はすでに終わっています。", status=409)
    subject = f"{invitation.name}（{invitation.email}）"
    traces = Traces(before=role_label(invitation.role), about_id=invitation.member_id)
    await note_deed(tx, by, "invitation_ended", subject, traces=traces, at=at)
    return invitation
