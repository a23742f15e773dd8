"""Registration: one account per address and per Amazon account, whatever arrives at once (A1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from members.domain.ledger import Grant, grant_posting
from members.domain.rules import Rules
from members.storage.members import insert_link, insert_member, keep_password
from members.storage.points import insert_grant, lock_balance, open_balance, record_posting
from shared.database import Tx
from shared.errors import Refused
from shared.events import AmazonAccountLinked, MemberRegistered, PointsGranted
from shared.ids import new_id


class EmailTaken(Refused):
    """The address belongs to a member already (MEM-34 has the words)."""

    def __init__(self) -> None:
        super().__init__("email_taken", "Eメールアドレスはすでに使用されています", field="email")


class AmazonAccountTaken(Refused):
    """The Amazon account is linked with a member already."""

    def __init__(self) -> None:
        super().__init__("amazon_account_taken", "このAmazonアカウントはすでに会員と連携されています")


@dataclass(frozen=True)
class NewMember:
    """What is stored of a new member; ``password_hash`` None means that there is no shop password (MEM-06)."""

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


async def register_member(
    tx: Tx,
    new: NewMember,
    *,
    rules: Rules,
    via: Literal["form", "amazon", "order"],
    at: datetime,
    order_code: str | None = None,
) -> list[MemberRegistered | AmazonAccountLinked | PointsGranted]:
    """Store a member, the Amazon link and the registration points; return what is to be said.

    ``at`` is both 「登録日時」 and 「AmazonID連携日時」, whose equality says "registered with Amazon" (MEM-14).
    Raises EmailTaken or AmazonAccountTaken; then the transaction or savepoint has to be rolled back.
    """
    values = {name: getattr(new, name) for name in NewMember.__dataclass_fields__ if name != "buyer_id"}
    if not await insert_member(tx, {**values, "via": via, "at": at, "order_code": order_code}):
        raise EmailTaken
    said: list[MemberRegistered | AmazonAccountLinked | PointsGranted] = [
        MemberRegistered(
            member_id=new.member_id,
            name=new.name,
            email=new.email,
            via=via,
            registered_at=at,
            order_code=order_code,
        )
    ]
    if new.password_hash is not None:
        await keep_password(tx, new.member_id, new.password_hash, at=at)
    if new.buyer_id is not None:
        path: Literal["order", "registration"] = "order" if via == "order" else "registration"
        if not await insert_link(tx, new.member_id, new.buyer_id, at=at, path=path):
            raise AmazonAccountTaken
        said.append(
            AmazonAccountLinked(member_id=new.member_id, linked_at=at, path=path, order_code=order_code)
        )
    await open_balance(tx, new.member_id)
    said += await _grant_registration_points(tx, new.member_id, rules, at=at, order_code=order_code)
    return said


async def _grant_registration_points(
    tx: Tx, member_id: UUID, rules: Rules, *, at: datetime, order_code: str | None
) -> list[PointsGranted]:
    """Give the registration points, once in a member's life (PNT-01); usable at once by default (X-01)."""
    points = rules.registration_grant()
    balance = await lock_balance(tx, member_id)
    if not points or balance is None:
        return []
    active = rules.registration_activation == "immediate"
    grant = Grant(
        grant_id=new_id(),
        member_id=member_id,
        points=points,
        reason="registration",
        state="active" if active else "waiting",
        order_code=order_code,
        valid_days=rules.valid_days,
    )
    await insert_grant(tx, grant, activation=rules.registration_activation, at=at)
    await record_posting(tx, balance, grant_posting(grant), at=at)
    return [
        PointsGranted(
            member_id=member_id,
            points=points,
            state="active" if active else "pending",
            reason="registration",
            order_code=order_code,
        )
    ]
