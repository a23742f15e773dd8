"""Registration together with an order, and the Amazon link that comes with it."""

from typing import Any

import pytest

from members.sessions.end_sessions import end_all_sessions
from shared.clock import now
from shared.events import (
    AmazonAccountLinked,
    BenefitShortageFound,
    MemberRegistered,
    PointsGranted,
    PointsUsed,
    Registration,
    RegistrationRefused,
)
from shared.ids import new_id
from tests.members.member_examples import a_cancellation, an_authorization, an_order
from tests.members.members_service import MembersService

BUYER = "amzn1.account.AYA"


@pytest.mark.feature("MEM-01", clause="registering with the order")
async def test_the_data_of_the_order_becomes_the_member(members: MembersService) -> None:
    member_id = new_id()
    order = an_order(
        registration=Registration(
            member_id=member_id,
            newsletter=True,
            wallet_kind="amazon_pay",
            wallet_buyer_id=BUYER,
            email_proved=True,
        ),
        amazon_buyer_id=BUYER,
        phone="0311112222",
    )

    await members.hears(order)

    [row] = await members.rows("SELECT * FROM members")
    assert row.member_id == member_id
    assert (row.name, row.kana, row.email) == ("綾瀬 あや", "アヤセ アヤ", "aya@example.jp")
    assert (row.phone, row.postal_code, row.prefecture) == ("0311112222", "1500001", "東京都")
    assert (row.address1, row.address2, row.newsletter) == ("渋谷区神宮前1-2-3", "暖簾ビル 401", True)
    assert row.password_hash is None
    [linked] = await members.said(AmazonAccountLinked)
    assert (linked.member_id, linked.path) == (member_id, "order")
    [registered] = await members.said(MemberRegistered)
    assert (registered.via, registered.order_code) == ("order", "N-1001")


@pytest.mark.feature("PNT-01", "PNT-02")
async def test_registration_points_come_once_and_pay_the_same_order(
    members: MembersService,
) -> None:
    member_id = new_id()
    order = an_order(
        registration=Registration(member_id=member_id, wallet_kind="amazon_pay", wallet_buyer_id=BUYER),
        points=500,
    )

    await members.hears(order, times=2)

    grants = await members.said(PointsGranted)
    assert [(event.reason, event.points, event.state) for event in grants] == [
        ("registration", 500, "active"),
        ("purchase", 45, "pending"),
    ]
    assert [event.points for event in await members.said(PointsUsed)] == [500]
    balance = await members.balance(member_id)
    assert (balance.active, balance.waiting) == (0, 45)


async def test_a_taken_address_makes_no_second_member_of_a_guest(
    members: MembersService,
) -> None:
    aya = await members.register("Aya@Example.jp")

    await members.hears(
        an_order(
            registration=Registration(member_id=new_id(), wallet_kind="amazon_pay", wallet_buyer_id=BUYER)
        )
    )

    assert [row.member_id for row in await members.rows("SELECT member_id FROM members")] == [aya]
    assert await members.rows("SELECT 1 FROM amazon_links") == []
    [order] = await members.rows("SELECT * FROM member_orders")
    assert (order.member_id, order.note) == (None, "email_taken")
    assert (await members.balance(aya)).waiting == 0
    [refused] = await members.said(RegistrationRefused)
    assert (refused.reason, refused.order_code) == ("email_taken", order.order_code)


async def test_points_of_a_refused_registration_are_told_as_lost(
    members: MembersService,
) -> None:
    await members.register("aya@example.jp")
    chosen = new_id()

    await members.hears(
        an_order(
            registration=Registration(member_id=chosen, wallet_kind="amazon_pay", wallet_buyer_id=BUYER),
            points=500,
        ),
        times=2,
    )

    [shortage] = await members.said(BenefitShortageFound)
    assert (shortage.member_id, shortage.benefit, shortage.missing, shortage.reason) == (
        chosen,
        "points",
        500,
        "email_taken",
    )


async def test_another_wallets_account_is_linked_with_nobody(members: MembersService) -> None:
    aya = await members.register("aya@example.jp")
    other: dict[str, Any] = {"wallet_kind": "other_pay", "wallet_buyer_id": BUYER}
    registration = Registration(member_id=new_id(), **other)

    await members.hears(
        an_order("N-1", member_id=aya).model_copy(update=other),
        an_order("N-2", registration=registration, email="ben@example.jp").model_copy(update=other),
    )

    assert await members.said(AmazonAccountLinked) == []
    assert len(await members.rows("SELECT 1 FROM members")) == 2
    assert await members.rows("SELECT 1 FROM amazon_registrations") == []


async def test_an_amazon_account_that_is_linked_makes_no_second_member(members: MembersService) -> None:
    await members.register("first@example.jp", buyer_id=BUYER)

    await members.hears(
        an_order(
            registration=Registration(member_id=new_id(), wallet_kind="amazon_pay", wallet_buyer_id=BUYER)
        )
    )

    assert len(await members.rows("SELECT 1 FROM members")) == 1
    [order] = await members.rows("SELECT note FROM member_orders")
    assert order.note == "amazon_account_taken"


@pytest.mark.feature("MEM-01", clause="logged-in member orders by Amazon")
async def test_who_pays_with_amazon_is_linked_without_sign_up_points(
    members: MembersService,
) -> None:
    aya = await members.register()

    await members.hears(
        an_order("N-1", member_id=aya, amazon_buyer_id=BUYER),
        an_order("N-2", member_id=aya, amazon_buyer_id=BUYER),
        an_order("N-3", member_id=aya, amazon_buyer_id="amzn1.account.OTHER"),
    )
    assert await members.rows("SELECT 1 FROM amazon_links") == [], "the buyer has not confirmed it at Amazon"
    for code in ("N-1", "N-2", "N-3"):
        await members.hears(an_authorization(code), times=2)

    [linked] = await members.said(AmazonAccountLinked)
    assert (linked.member_id, linked.order_code, linked.path) == (aya, "N-1", "order")
    [row] = await members.rows("SELECT buyer_id FROM amazon_links")
    assert row.buyer_id == BUYER
    registration = [e for e in await members.said(PointsGranted) if e.reason == "registration"]
    assert len(registration) == 1


async def test_a_wallet_from_before_the_login_pays_and_links_nothing(members: MembersService) -> None:
    aya = await members.register()

    order = an_order(member_id=aya, amazon_buyer_id=BUYER)
    await members.hears(order.model_copy(update={"wallet_links": False}), an_authorization())

    assert await members.said(AmazonAccountLinked) == []
    assert await members.rows("SELECT 1 FROM amazon_links") == []


async def test_a_payment_authorized_before_its_order_is_heard_waits(members: MembersService) -> None:
    with pytest.raises(Exception, match="not known yet"):
        await members.hears(an_authorization())


@pytest.mark.parametrize("meanwhile", ["cancelled", "logged out everywhere"])
async def test_what_ended_before_the_authorization_links_nobody(
    members: MembersService, meanwhile: str
) -> None:
    aya = await members.register()
    await members.hears(an_order(member_id=aya, amazon_buyer_id=BUYER))
    if meanwhile == "cancelled":
        await members.hears(a_cancellation())
    else:
        async with members.db.transaction() as tx:
            await end_all_sessions(tx, aya, at=now())

    await members.hears(an_authorization())

    assert await members.said(AmazonAccountLinked) == []
    assert await members.rows("SELECT 1 FROM amazon_links") == []


@pytest.mark.feature("AP-30", clause="address of the member unchanged")
async def test_an_amazon_address_never_becomes_the_address_of_a_member(members: MembersService) -> None:
    aya = await members.register()

    await members.hears(an_order(member_id=aya, amazon_buyer_id=BUYER, phone="0399998888"))

    [row] = await members.rows("SELECT phone, postal_code, address1 FROM members")
    assert (row.phone, row.postal_code, row.address1) == ("", "", "")
