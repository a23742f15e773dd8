"""What members told of an order stands in rows: its pages read nothing of it out of the timeline's facts."""

from typing import Any
from uuid import UUID

import pytest

from checkout.consumers import consumers
from checkout.orders.told.benefits import read_benefits, read_memberships
from harness.hearing import Hearing
from harness.together import statements_of
from shared.clock import now
from shared.database.transactions import Database
from shared.events import (
    AmazonAccountLinked,
    CouponRedeemed,
    CouponReturned,
    Event,
    MemberRegistered,
    PointsActivated,
    PointsGranted,
    PointsReturned,
    PointsUsed,
    RegistrationRefused,
)
from shared.ids import new_id
from tests.checkout.order_examples import place
from tests.checkout.shopper import Shopper

CODE = "N261128-1D29-3ZYG6SFW"
OF_IT: dict[str, Any] = {"member_id": UUID(int=3), "order_code": CODE}
COUPON: dict[str, Any] = {"coupon_id": new_id(), "issue_id": new_id(), "name": "春の500円引き"}


@pytest.fixture
def clerk(shopper: Shopper) -> Shopper:
    """A browser of staff."""
    shopper.sign_in("店長 試験", staff="owner")
    return shopper


async def hear(db: Database, *events: Event) -> None:
    """Hear ``events``, each twice, and take the facts out of the timeline."""
    await Hearing(consumers, db).hears(*events, times=2)
    async with db.transaction() as tx:
        await tx.execute("UPDATE timeline SET facts = '{}'")


async def test_points_of_an_order_are_added_up_from_rows(shop_db: Database, clerk: Shopper) -> None:
    await place(shop_db, "card_like", CODE)
    await hear(
        shop_db,
        PointsUsed(**OF_IT, points=300),
        PointsGranted(**OF_IT, points=30, state="pending", reason="purchase"),
        PointsGranted(**OF_IT, points=5, state="pending", reason="purchase"),
        PointsGranted(**OF_IT, points=100, state="active", reason="registration"),
        PointsActivated(**OF_IT, points=35),
        PointsReturned(**OF_IT, points_returned=300, points_revoked=135),
    )

    page = (await clerk.opens(f"/desk/orders/{CODE}")).text
    for shown in (
        "ポイント利用 300ポイント",
        "付与（有効待ち） 35ポイント",
        "付与（有効） 100ポイント",
        "有効化 35ポイント",
        "キャンセルによるポイント返還 300ポイント",
        "付与の取消 135ポイント",
    ):
        assert shown in clerk.text, page


@pytest.mark.parametrize(("owed", "more"), [(0, ""), (25, "、利用済みのため不足 25ポイント")])
async def test_points_revoked_after_a_full_refund_say_so(
    shop_db: Database, clerk: Shopper, owed: int, more: str
) -> None:
    await place(shop_db, "card_like", CODE)
    event = PointsReturned(
        **OF_IT, points_returned=0, points_revoked=10, points_owed=owed, because="money_returned"
    )
    await hear(shop_db, event)

    await clerk.opens(f"/desk/orders/{CODE}")
    assert "購入ポイントを取り消しました" in clerk.text
    assert f"付与の取消 10ポイント{more}。代金がすべて返金されたためです" in clerk.text
    assert "ポイントを元に戻しました" not in clerk.text


async def test_coupons_of_an_order_are_named_from_rows(shop_db: Database, clerk: Shopper) -> None:
    await place(shop_db, "card_like", CODE)
    await hear(
        shop_db,
        CouponRedeemed(**OF_IT, **COUPON, discount=500),
        CouponReturned(**OF_IT, **COUPON, usable=True),
    )

    await clerk.opens(f"/desk/orders/{CODE}")
    assert "クーポンのご利用 春の500円引き クーポンの返却 春の500円引き" in clerk.text


async def test_a_grant_in_an_unknown_state_is_told_by_the_timeline(shop_db: Database, clerk: Shopper) -> None:
    await place(shop_db, "card_like", CODE)
    granted = PointsGranted(**OF_IT, points=30, state="pending", reason="purchase")
    await hear(shop_db, granted.model_copy(update={"state": "frozen"}))

    async with shop_db.transaction() as tx:
        assert await read_benefits(tx, CODE) == []
    await clerk.opens(f"/desk/orders/{CODE}")
    assert "30ポイント（その他（コード：frozen））" in clerk.text


async def test_what_became_of_a_membership_stands_in_rows(shop_db: Database) -> None:
    await place(shop_db, "card_like", CODE)
    await place(shop_db, "card_like", "N-2")
    await hear(
        shop_db,
        MemberRegistered(
            **OF_IT, name="会員 花子", email="hanako@example.jp", via="order", registered_at=now()
        ),
        AmazonAccountLinked(**OF_IT, linked_at=now(), path="order"),
        RegistrationRefused(member_id=UUID(int=4), order_code="N-2", reason="email_taken"),
    )

    async with shop_db.transaction() as tx:
        assert await read_memberships(tx, CODE) == {"registered", "linked"}
        assert await read_memberships(tx, "N-2") == {"refused"}


async def test_keeping_what_members_told_costs_no_statement(shop_db: Database) -> None:
    await place(shop_db, "card_like", CODE)
    with statements_of(shop_db) as sent:
        await Hearing(consumers, shop_db).hears(PointsUsed(**OF_IT, points=300))
    assert [sql for sql in sent if "order_benefits" in sql] == [sql for sql in sent if "timeline" in sql]
