"""Registration: one account per address and per Amazon account, also for concurrent requests (A1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.accounts.rows import NewAccount, email_key, insert_member, keep_password, member_by_buyer
from members.addresses.request_verification import request_verification
from members.points.mailboxes import note_mailbox
from members.points.rows import insert_grant, lock_balance, open_balance, record_posting
from members.points.rules import Grant, grant_posting
from members.shop_rules.labels import GrantActivation
from members.shop_rules.rules import Rules
from members.wallets.rows import insert_link, note_registration
from shared.database.transactions import Tx
from shared.errors import Refused
from shared.events import AmazonAccountLinked, MemberRegistered, PointsGranted
from shared.ids import new_id


class EmailTaken(Refused):
    """The address already belongs to a member."""

    def __init__(self) -> None:
        super().__init__(
            "email_taken",
            "このメールアドレスはすでに登録されています。会員登録がお済みの方は、ログインしてください。",
            field="email",
        )


class AmazonAccountTaken(Refused):
    """The Amazon account is already linked with a member."""

    def __init__(self) -> None:
        super().__init__("amazon_account_taken", "このAmazonアカウントはすでに会員と連携されています")


@dataclass(frozen=True)
class NewMember:
    """The stored data of a new member. ``password_hash`` is None if there is no shop password (MEM-06).

    ``email_proved`` means that Amazon vouches for the address; any other address is proved by a mail (MEM-38).
    ``buyer_id`` is the Amazon account of the registration. It is linked only if it vouches for the address.
    """

    member_id: UUID
    name: str
    email: str
    kana: str = ""
    phone: str = ""
    postal_code: str = ""
    prefecture: str = ""
    address1: str = ""
    address2: str = ""
    newsletter: bool = False
    password_hash: str | None = None
    buyer_id: str | None = None
    email_proved: bool = False


async def register_member(
    tx: Tx,
    new: NewMember,
    *,
    rules: Rules,
    via: Literal["form", "amazon", "order"],
    at: datetime,
    order_code: str | None = None,
) -> None:
    """Store a member, the Amazon link and the registration points. Request the proof of an unproved address.

    ``at`` is both 「登録日時」 and 「AmazonID連携日時」; equal values mean "registered with Amazon" (MEM-14). Raises EmailTaken or
    AmazonAccountTaken. The caller must then roll back its transaction or savepoint.
    """
    if not await insert_member(tx, _account_of(new, via, at=at, order_code=order_code)):
        raise EmailTaken
    tx.say(
        MemberRegistered(
            member_id=new.member_id,
            name=new.name,
            email=new.email,
            via=via,
            registered_at=at,
            order_code=order_code,
        )
    )
    if new.password_hash is not None:
        await keep_password(tx, new.member_id, new.password_hash, at=at)
    path: Literal["order", "registration"] = "order" if via == "order" else "registration"
    await _link(tx, new, path=path, at=at, order_code=order_code)
    await open_balance(tx, new.member_id)
    await _grant_registration_points(tx, new, rules, at=at, order_code=order_code)
    if not new.email_proved:
        await request_verification(tx, new.member_id, name=new.name, email=new.email, at=at)


def _account_of(
    new: NewMember, via: Literal["form", "amazon", "order"], *, at: datetime, order_code: str | None
) -> NewAccount:
    return NewAccount(
        member_id=new.member_id,
        name=new.name,
        kana=new.kana,
        email=new.email,
        email_key=email_key(new.email),
        phone=new.phone,
        postal_code=new.postal_code,
        prefecture=new.prefecture,
        address1=new.address1,
        address2=new.address2,
        newsletter=new.newsletter,
        password_hash=new.password_hash,
        registered_at=at,
        registered_via=via,
        order_code=order_code,
        email_verified_at=at if new.email_proved else None,
    )


async def _link(
    tx: Tx, new: NewMember, *, path: Literal["order", "registration"], at: datetime, order_code: str | None
) -> None:
    """Link the Amazon account of the registration, unless the member typed an address that is not the account's."""
    if new.buyer_id is None:
        return
    if not new.email_proved:
        if await member_by_buyer(tx, new.buyer_id) is not None:
            raise AmazonAccountTaken
        return
    if not await insert_link(tx, new.member_id, new.buyer_id, at=at, path=path):
        raise AmazonAccountTaken
    tx.say(
        AmazonAccountLinked(
            member_id=new.member_id,
            linked_at=at,
            path=path,
            order_code=order_code,
            name=new.name,
            email=new.email,
        )
    )


async def _grant_registration_points(
    tx: Tx, new: NewMember, rules: Rules, *, at: datetime, order_code: str | None
) -> None:
    """Grant the registration points, once per member (PNT-01) and once per mailbox.

    By default they are active at once (X-01). For an unproved address they wait for the proof, which also shows who
    owns the mailbox. A new Amazon account, with which nobody registered before, need not wait. Its points may pay for
    the order that registers (PNT-02).
    """
    buyer_id = new.buyer_id
    vouched = buyer_id is not None and await note_registration(tx, buyer_id, new.member_id, at=at)
    points = rules.registration_grant()
    balance = await lock_balance(tx, new.member_id)
    if not points or balance is None:
        return
    activation: GrantActivation = rules.registration_activation
    if activation == "immediate" and not new.email_proved and not vouched:
        activation = "on_verified"
    active = activation == "immediate"
    if new.email_proved and not await note_mailbox(tx, new.member_id, at=at):
        return
    grant = Grant(
        grant_id=new_id(),
        member_id=new.member_id,
        points=points,
        reason="registration",
        state="active" if active else "waiting",
        order_code=order_code,
        valid_days=rules.valid_days,
    )
    await insert_grant(tx, grant, activation=activation, at=at)
    await record_posting(tx, balance, grant_posting(grant), at=at)
    tx.say(
        PointsGranted(
            member_id=new.member_id,
            points=points,
            state="active" if active else "pending",
            reason="registration",
            order_code=order_code,
        )
    )
