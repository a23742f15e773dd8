"""What an order does to its member: registration, Amazon link, points, a coupon, and points earned."""

from collections.abc import Sequence
from uuid import UUID

from members.domain.ledger import Balance, Grant, grant_posting, use_posting
from members.domain.rules import Rules
from members.link_amazon import amazon_buyer, link_amazon, order_may_link
from members.register_member import NewMember, register_member
from members.register_member import News as RegistrationNews
from members.shortages import shortages
from members.storage.benefits import end_reservation, lock_reservation, reservation_of
from members.storage.members import member_by_id
from members.storage.orders import Taken
from members.storage.points import insert_grant, lock_balance, record_posting, store_balance
from members.use_coupon import redeem_coupon
from shared.database import Tx
from shared.errors import Refused
from shared.events import (
    AmazonAccountLinked,
    BenefitShortageFound,
    CouponRedeemed,
    OrderPlaced,
    PointsGranted,
    PointsUsed,
    Registration,
    RegistrationRefused,
)
from shared.ids import new_id

News = (
    RegistrationNews
    | RegistrationRefused
    | AmazonAccountLinked
    | PointsUsed
    | PointsGranted
    | CouponRedeemed
    | BenefitShortageFound
)


async def take_order(tx: Tx, event: OrderPlaced, rules: Rules) -> tuple[Taken, list[News]]:
    """Apply a placed order that is noted, by the ``rules`` in force when it was placed.

    The order stands, whatever is found here: a registration that cannot be is noted and the order stays a
    guest's; points or a coupon that are gone are noted as a shortage.
    """
    member_id, note, news = await _find_member(tx, event, rules)
    said: list[News] = [*news]
    holder_id, spender_id, used, shortage = await _spend(tx, event, member_id)
    if used and spender_id is not None:
        said.append(PointsUsed(member_id=spender_id, points=used, order_code=event.order_code))
    redeemed, coupon_short = await redeem_coupon(tx, event)
    if redeemed is not None:
        said.append(redeemed)
    if member_id is not None:
        said += await _earn(tx, event, member_id, rules)
    said += shortages(event, holder_id=holder_id, points=shortage, coupon=coupon_short, reason=note)
    taken = Taken(event.order_code, member_id, used, note_of(note, shortage, coupon_short=coupon_short))
    return taken, said


def note_of(note: str, shortage: int, *, coupon_short: bool = False) -> str:
    """Return the order's note for the desk: ``note``, and what was missing."""
    missing = [f"points_short:{shortage}"] if shortage else []
    return " ".join([*([note] if note else []), *missing, *(["coupon_short"] if coupon_short else [])])


async def _find_member(tx: Tx, event: OrderPlaced, rules: Rules) -> tuple[UUID | None, str, Sequence[News]]:
    """Return the order's member, a note for the desk, and what is to be said."""
    if event.member_id is not None:
        member = await member_by_id(tx, event.member_id)
        if member is None:
            return None, "member_unknown", []
        buyer_id = amazon_buyer(event)
        if buyer_id is None or not order_may_link(member, event.placed_at):
            return event.member_id, "", []
        linked = await link_amazon(
            tx,
            member_id=event.member_id,
            buyer_id=buyer_id,
            path="order",
            at=event.placed_at,
            order_code=event.order_code,
        )
        return event.member_id, "", [linked] if linked else []
    if event.registration is None:
        return None, "", []
    try:
        async with tx.savepoint():
            said = await register_member(
                tx,
                _member_of(event, event.registration),
                rules=rules,
                via="order",
                at=event.placed_at,
                order_code=event.order_code,
            )
    except Refused as refusal:
        refused = RegistrationRefused(
            member_id=event.registration.member_id, reason=refusal.code, order_code=event.order_code
        )
        return None, refusal.code, [refused]
    return event.registration.member_id, "", said


def _member_of(event: OrderPlaced, registration: Registration) -> NewMember:
    """Return the member that the order registers: exactly the data used for the order (AP-08)."""
    orderer = event.orderer
    return NewMember(
        member_id=registration.member_id,
        name=orderer.name,
        kana=orderer.kana,
        email=orderer.email,
        phone=orderer.phone,
        postal_code=orderer.postal_code,
        prefecture=orderer.prefecture,
        address1=orderer.address1,
        address2=orderer.address2,
        newsletter=registration.newsletter,
        buyer_id=amazon_buyer(registration),
        email_proved=registration.email_proved,
    )


async def _spend(
    tx: Tx, event: OrderPlaced, member_id: UUID | None
) -> tuple[UUID | None, UUID | None, int, int]:
    """Commit the reservation and take the points.

    Return for whom they were set aside, from whom they were taken, how many, and how many were missing.
    """
    reserved = (
        await reservation_of(tx, event.benefit_reservation_id) if event.benefit_reservation_id else None
    )
    spender_id = reserved.member_id if reserved and not reserved.registration else member_id
    wanted_by = event.registration.member_id if event.registration else event.member_id
    holder_id = reserved.member_id if reserved else wanted_by
    balance = await lock_balance(tx, spender_id) if spender_id is not None else None
    if reserved is not None:
        balance = await _commit(tx, event, reserved.reservation_id, balance)
    if not event.points_used or balance is None:
        return holder_id, None, 0, event.points_used
    posting = use_posting(balance, event.points_used, order_code=event.order_code)
    await record_posting(tx, balance, posting, at=event.placed_at)
    return holder_id, spender_id, -posting.active, posting.shortage


async def _commit(
    tx: Tx, event: OrderPlaced, reservation_id: UUID, balance: Balance | None
) -> Balance | None:
    """End a held reservation with the order and free what it held of the locked balance."""
    reservation = await lock_reservation(tx, reservation_id)
    if reservation is None or reservation.status != "held":
        return balance
    await end_reservation(
        tx, reservation_id, status="committed", at=event.placed_at, order_code=event.order_code
    )
    if balance is None or reservation.registration:
        return balance
    balance = balance.unhold(reservation.points_held)
    await store_balance(tx, balance)
    return balance


async def _earn(tx: Tx, event: OrderPlaced, member_id: UUID, rules: Rules) -> list[News]:
    balance = await lock_balance(tx, member_id)
    grant = purchase_grant(event, member_id, rules)
    if grant is None or balance is None:
        return []
    await insert_grant(tx, grant, activation=rules.purchase_activation, at=event.placed_at)
    await record_posting(tx, balance, grant_posting(grant), at=event.placed_at)
    return [granted(event, grant)]


def purchase_grant(event: OrderPlaced, member_id: UUID, rules: Rules) -> Grant | None:
    """Return what the order earns its member, waiting unless the mode is immediate (PNT-04); None for nothing."""
    points = rules.purchase_points(
        items=event.amounts.items,
        point_discount=event.amounts.point_discount,
        coupon_discount=event.amounts.coupon_discount,
    )
    if not points:
        return None
    return Grant(
        grant_id=new_id(),
        member_id=member_id,
        points=points,
        reason="purchase",
        state="active" if rules.purchase_activation == "immediate" else "waiting",
        order_code=event.order_code,
        valid_days=rules.valid_days,
    )


def granted(event: OrderPlaced, grant: Grant) -> PointsGranted:
    """Return what is said of a purchase grant."""
    return PointsGranted(
        member_id=grant.member_id,
        points=grant.points,
        state="active" if grant.state == "active" else "pending",
        reason="purchase",
        order_code=event.order_code,
        caused_by=event.event_id,
    )
