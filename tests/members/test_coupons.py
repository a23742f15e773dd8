"""Coupons: given at the desk, set aside for one order, used once, and back when the order is cancelled."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from members.benefits.release_benefit import ReleaseBenefits
from members.benefits.reserve_benefit import reserve_benefit
from members.benefits.tables import benefit_reservations
from members.coupons.define_coupon import define_coupon
from members.coupons.issue_coupon import issue_coupon
from members.coupons.rules import CouponTerms
from shared import clock
from shared.clock import in_japan, now
from shared.due.rows import claim_due
from shared.errors import Refused
from shared.events import (
    AmazonAccountLinked,
    CouponIssued,
    CouponRedeemed,
    CouponReturned,
    OrderPlaced,
    PointsGranted,
    PointsUsed,
)
from shared.ids import new_id
from tests.members.member_examples import MANAGER, a_cancellation, an_authorization, an_order
from tests.members.members_service import MembersService

NAMES = {"amount_off": "500円クーポン", "percent_off": "1割引クーポン", "free_shipping": "送料無料クーポン"}


async def issued(
    members: MembersService, *member_ids: UUID, kind: str = "amount_off", value: int = 500, **terms: Any
) -> list[str]:
    """Define a coupon for the next days, issue it, and return the ids under which the members hold it."""
    values = {"valid_until": in_japan(now()).date() + timedelta(days=3), **terms}
    async with members.db.transaction() as tx:
        terms_ = CouponTerms.model_validate({"name": NAMES[kind], "kind": kind, "value": value, **values})
        coupon_id = new_id()
        await define_coupon(tx, coupon_id, terms_, by=MANAGER, at=now())
        if member_ids:
            await issue_coupon(tx, coupon_id, member_ids, by=MANAGER, at=now())
    rows = await members.rows(
        "SELECT issue_id, member_id FROM issued_coupons WHERE coupon_id = :coupon_id", coupon_id=coupon_id
    )
    by_member = {row.member_id: str(row.issue_id) for row in rows}
    return [by_member[member_id] for member_id in member_ids]


async def choose(browser: httpx.AsyncClient, **wanted: Any) -> httpx.Response:
    """Set something aside as a program does."""
    return await browser.post("/api/members/benefits", json=wanted, headers={"accept": "application/json"})


@pytest.mark.parametrize("coupon", ["春の500円引き", 7, [], ""])
async def test_a_coupon_that_is_no_id_is_refused_by_its_name(members: MembersService, coupon: object) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        refused = await choose(browser, coupon=coupon)

    message = "クーポンのIDか「none」をcouponに指定してください"
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": "coupon", "message": message}]


def an_order_with(issue_id: str, benefit: dict[str, Any], code: str = "N-1001") -> OrderPlaced:
    """The order that a benefit statement was used for."""
    placed = an_order(
        code,
        member_id=UUID(benefit["member_id"]),
        points=benefit["points"],
        coupon=500,
        reservation_id=UUID(benefit["reservation_id"]),
    )
    return placed.model_copy(update={"coupon": UUID(issue_id)})


async def counters(members: MembersService) -> list[tuple[int, int]]:
    """The counters of every coupon issued: of the member and of all."""
    rows = await members.rows(
        "SELECT i.uses, c.uses AS all_uses FROM issued_coupons i JOIN coupons c USING (coupon_id)"
        " ORDER BY i.issued_at, i.issue_id"
    )
    return [(row.uses, row.all_uses) for row in rows]


async def release_what_is_due(members: MembersService) -> None:
    """Do the due work once."""
    async with members.db.transaction() as tx:
        rows = await claim_due(tx, benefit_reservations, rows_max=50, at=now())
    for row in rows:
        await ReleaseBenefits(members.db)(row)


@pytest.mark.parametrize(("kind", "value"), [("amount_off", 500), ("percent_off", 10), ("free_shipping", 0)])
async def test_each_kind_is_stated_with_its_value_beside_the_points(
    members: MembersService, kind: str, value: int
) -> None:
    aya = await members.register()
    [issue_id] = await issued(members, aya, kind=kind, value=value, minimum=3_000)
    async with members.browser() as browser:
        await members.log_in(browser)
        [offered] = (await browser.get("/api/members/me")).json()["coupons"]
        await browser.post("/members/benefits/reserve", data={"points": "200", "next": "/order/confirm"})
        answer = await browser.post(
            "/members/benefits/reserve", data={"coupon": issue_id, "next": "/order/confirm"}
        )
        stated = members.keys.verifier.verify("benefit", browser.cookies["noren_benefit"])

    assert (answer.status_code, answer.headers["location"]) == (303, "/order/confirm#coupon")
    assert stated["points"] == 200
    assert stated["coupon"] == offered
    assert (offered["issue_id"], offered["kind"], offered["value"]) == (issue_id, kind, value)
    assert (offered["name"], offered["minimum"]) == (NAMES[kind], 3_000)


async def test_points_and_coupon_come_together_from_the_order_form(members: MembersService) -> None:
    aya = await members.register()
    [issue_id] = await issued(members, aya)
    sent = {"coupon": issue_id, "points": "200", "total": "3000", "next": "/order/confirm"}
    async with members.browser() as browser:
        await members.log_in(browser)
        confirming = await browser.post("/members/benefits/reserve", data=sent)
        stated = members.keys.verifier.verify("benefit", browser.cookies["noren_benefit"])
        pressed = await browser.post("/members/benefits/reserve", data=sent | {"use": "points"})
        refused = await browser.post("/members/benefits/reserve", data=sent | {"points": "501"})
        cleared = await browser.post("/members/benefits/reserve", data=sent | {"points": "", "use": "coupon"})

    assert (stated["points"], stated["coupon"]["issue_id"]) == (200, issue_id)
    answers = (confirming, pressed, refused, cleared)
    boxes = [answer.headers["location"].removeprefix("/order/confirm") for answer in answers]
    assert boxes == ["", "#points", "#points", "#coupon"]


@pytest.mark.feature("CPN-10")
@pytest.mark.feature("ORD-21", clause="coupon returned")
async def test_a_coupon_returns_with_its_cancelled_order_until_it_ends(
    members: MembersService,
) -> None:
    aya = await members.register()
    [issue_id] = await issued(members, aya)
    async with members.browser() as browser:
        await members.log_in(browser)
        for code, usable in (("N-1", True), ("N-2", False)):
            benefit = (await choose(browser, coupon=issue_id)).json()
            await members.hears(an_order_with(issue_id, benefit, code), times=2)
            browser.cookies.delete("noren_benefit")
            refused = await choose(browser, coupon=issue_id)
            assert (refused.status_code, refused.json()["code"]) == (409, "coupon_used")
            assert await counters(members) == [(1, 1)]
            assert (await browser.get("/api/members/me")).json()["coupons"] == []

            if not usable:
                clock.clock.move(timedelta(days=5))
            await members.hears(a_cancellation(code), times=3)
            assert await counters(members) == [(0, 0)]
            page = (await browser.get("/members/mypage")).text
            assert ("利用できます" in page, "期限切れ" in page) == (usable, not usable)
        expired = await choose(browser, coupon=issue_id)

    assert (expired.status_code, expired.json()["code"]) == (409, "coupon_expired")
    redeemed = await members.said(CouponRedeemed)
    assert [(event.order_code, event.discount) for event in redeemed] == [("N-1", 500), ("N-2", 500)]
    returned = await members.said(CouponReturned)
    assert [(event.order_code, event.usable) for event in returned] == [("N-1", True), ("N-2", False)]


async def test_a_coupon_without_an_order_returns_with_its_reservation(members: MembersService) -> None:
    aya = await members.register()
    first, second = [(await issued(members, aya))[0] for _ in range(2)]
    async with members.browser() as browser:
        await members.log_in(browser)
        benefit = (await choose(browser, coupon=first)).json()
        changed = (await choose(browser, coupon=second)).json()
        none = (await choose(browser, coupon="none")).json()
        assert changed["reservation_id"] == none["reservation_id"] == benefit["reservation_id"]
        assert none["coupon"] is None
        # Statements that claim either may still be about.
        assert await counters(members) == [(1, 1), (1, 1)]
        offered = (await browser.get("/api/members/me")).json()["coupons"]
        assert {coupon["issue_id"] for coupon in offered} == {first, second}

        clock.clock.move(timedelta(minutes=36))
        await release_what_is_due(members)

    assert await counters(members) == [(0, 0), (0, 0)]


async def test_an_order_redeems_its_coupon_and_frees_what_else_waits(
    members: MembersService,
) -> None:
    aya = await members.register()
    first, second = [(await issued(members, aya))[0] for _ in range(2)]
    async with members.browser() as browser:
        await members.log_in(browser)
        await choose(browser, coupon=first)
        benefit = (await choose(browser, coupon=second, points=100)).json()

    await members.hears(an_order_with(second, benefit))

    assert await counters(members) == [(0, 0), (1, 1)]
    assert (await members.balance(aya)).active == 400


async def test_an_order_after_the_release_redeems_what_is_left(
    members: MembersService,
) -> None:
    aya = await members.register()
    [issue_id] = await issued(members, aya)
    benefits = []
    for _ in range(2):
        async with members.db.transaction() as tx:
            made = await reserve_benefit(tx, member_id=aya, coupon=UUID(issue_id), at=now())
        benefits.append({**made.claims(), "points": 0})
        clock.clock.move(timedelta(minutes=36))
        await release_what_is_due(members)

    for number, benefit in enumerate(benefits):
        await members.hears(an_order_with(issue_id, benefit, f"N-{number}"))

    assert await counters(members) == [(1, 1)]
    orders = await members.rows("SELECT note FROM member_orders ORDER BY order_code")
    assert [order.note for order in orders] == ["", "coupon_short"]
    assert [event.order_code for event in await members.said(CouponRedeemed)] == ["N-0"]


async def test_a_coupon_order_earns_points_and_links_the_account_once(
    members: MembersService,
) -> None:
    aya = await members.register()
    for number, buyer_id in enumerate(["amzn1.account.AYA", "amzn1.account.AYA", None]):
        [issue_id] = await issued(members, aya)
        async with members.db.transaction() as tx:
            made = await reserve_benefit(tx, member_id=aya, coupon=UUID(issue_id), points=100, at=now())
        order = an_order_with(issue_id, made.claims(), f"N-{number}")
        await members.hears(
            order.model_copy(update={"wallet_kind": "amazon_pay", "wallet_buyer_id": buyer_id}),
            an_authorization(f"N-{number}"),
            times=2,
        )

    [linked] = await members.said(AmazonAccountLinked)
    assert (linked.member_id, linked.order_code, linked.path) == (aya, "N-0", "order")
    spent = await members.said(PointsUsed)
    assert [(event.points, event.member_id, event.order_code) for event in spent] == [
        (100, aya, f"N-{number}") for number in range(3)
    ]
    earned = [event for event in await members.said(PointsGranted) if event.reason == "purchase"]
    assert [(event.points, event.member_id, event.order_code) for event in earned] == [
        (44, aya, f"N-{number}") for number in range(3)
    ]
    assert [event.discount for event in await members.said(CouponRedeemed)] == [500] * 3
    balance = await members.balance(aya)
    assert (balance.active, balance.waiting, balance.reserved) == (200, 132, 0)
    orders = await members.rows("SELECT member_id, points_used, note FROM member_orders")
    assert {tuple(row) for row in orders} == {(aya, 100, "")}


async def test_a_coupon_order_earns_nothing_where_points_are_off(members: MembersService) -> None:
    aya = await members.register()
    [issue_id] = await issued(members, aya)
    await members.rule(points_enabled=False)
    async with members.db.transaction() as tx:
        made = await reserve_benefit(tx, member_id=aya, coupon=UUID(issue_id), at=now())
    await members.hears(an_order_with(issue_id, made.claims()))

    assert (await members.balance(aya)).waiting == 0
    assert [event.reason for event in await members.said(PointsGranted)] == ["registration"]
    assert [event.discount for event in await members.said(CouponRedeemed)] == [500]


async def test_an_order_with_an_unknown_coupon_is_a_guests_and_noted(
    members: MembersService,
) -> None:
    nobody, nothing = new_id(), str(new_id())
    order = an_order_with(nothing, {"member_id": str(nobody), "points": 50, "reservation_id": str(new_id())})
    await members.hears(order)

    [row] = await members.rows("SELECT member_id, points_used, note FROM member_orders")
    assert tuple(row) == (None, 0, "member_unknown points_short:50 coupon_short")
    await members.hears(
        order.model_copy(update={"order_code": "N-2", "event_id": new_id(), "member_id": None})
    )
    [row] = await members.rows("SELECT member_id, note FROM member_orders WHERE order_code = 'N-2'")
    assert tuple(row) == (None, "points_short:50 coupon_short")
    assert [
        (event.member_id, event.benefit, event.missing, event.reason, event.order_code)
        for event in await members.said()
    ] == [
        (nobody, "points", 50, "member_unknown", order.order_code),
        (nobody, "coupon", order.amounts.coupon_discount, "member_unknown", order.order_code),
    ]


async def test_of_64_at_once_one_gets_the_last_use_of_a_coupon(members: MembersService) -> None:
    people = [await members.register(f"m{number}@example.jp") for number in range(8)]
    issue_ids = await issued(members, *people, uses_max=1)

    async def redeem(number: int) -> str:
        try:
            async with members.db.transaction() as tx:
                made = await reserve_benefit(
                    tx, member_id=people[number % 8], coupon=UUID(issue_ids[number % 8]), at=now()
                )
        except Refused as refused:
            return refused.code
        benefit = made.claims()
        await members.hears(an_order_with(issue_ids[number % 8], benefit, f"N-{number}"))
        return "redeemed"

    outcomes = await asyncio.gather(*(redeem(number) for number in range(64)))

    assert outcomes.count("redeemed") == 1, outcomes
    assert set(outcomes) <= {"redeemed", "coupon_used", "coupon_sold_out"}
    assert sorted(await counters(members)) == [(0, 1)] * 7 + [(1, 1)]
    assert len(await members.said(CouponRedeemed)) == 1


async def test_the_database_itself_keeps_the_limits(members: MembersService) -> None:
    aya = await members.register()
    await issued(members, aya, uses_max=1)
    for table in ("issued_coupons", "coupons"):
        for uses in (2, -1):
            with pytest.raises(Exception, match=f"{table}_uses"):
                await members.rows(f"UPDATE {table} SET uses = {uses} RETURNING 1")


@pytest.mark.feature("CPN-03")
async def test_only_the_two_members_chosen_at_the_desk_can_redeem(members: MembersService) -> None:
    people = {name: await members.register(f"{name}@example.jp", name=name) for name in ("aya", "ben", "cho")}
    await members.staff()
    async with members.browser() as desk:
        await desk.post("/desk/login", data={"email": "desk@noren.example", "password": "aoi-noren-7"})
        empty = (await desk.get("/desk/members/coupons")).text
        assert "クーポンはまだありません" in empty
        made = await desk.post(
            "/desk/members/coupons/new",
            data={
                "name": "ご愛顧クーポン",
                "kind": "amount_off",
                "value": "５００円",
                "valid_until": f"{in_japan(now()).date():%Y-%m-%d}",
                "key": str(new_id()),
            },
        )
        path = made.headers["location"]
        assert "まだ誰にも発行していません" in (await desk.get(path)).text
        nobody = await desk.post(f"{path}/members", data={})
        assert (nobody.status_code, "会員を1人以上選んでください" in nobody.text) == (422, True)
        chosen = {"id": [str(people["aya"]), str(people["ben"]), str(new_id())]}
        told = (await desk.post(f"{path}/members", data=chosen)).text
        assert told.count("発行しました") == 2
        assert "この会員は見つかりません" in told
        again = (await desk.post(f"{path}/members", data={"id": [str(people["aya"])]})).text
        assert "すでに発行されています" in again
        assert "data-select-all" in again
        holder = (await desk.get(f"{path}/members", params={"q": "aya@example.jp"})).text
        assert "発行済み" in holder
        assert "data-select" not in holder
        assert "選んだ会員に発行する" not in holder
        detail = (await desk.get(path)).text
        assert [name in detail for name in people] == [True, True, False]
        assert "店長" in detail
        assert "ご愛顧クーポン" in (await desk.get(f"/desk/members/{people['aya']}")).text

    assert {event.member_id for event in await members.said(CouponIssued)} == {people["aya"], people["ben"]}
    [aya, ben] = await members.rows("SELECT issue_id FROM issued_coupons ORDER BY issued_at, issue_id")
    for name, usable in (("aya", 1), ("ben", 1), ("cho", 0)):
        async with members.browser() as browser:
            await members.log_in(browser, f"{name}@example.jp")
            offered = (await browser.get("/api/members/me")).json()["coupons"]
            assert len(offered) == usable
            page = (await browser.get("/members/mypage")).text
            assert ("ご愛顧クーポン" in page, "お持ちのクーポンはありません" in page) == (
                bool(usable),
                not usable,
            )
            tried = [await choose(browser, coupon=str(one.issue_id)) for one in (aya, ben)]
            assert sorted(one.status_code for one in tried) == ([200, 409] if usable else [409, 409])
            assert {one.json()["code"] for one in tried if one.status_code == 409} == {"coupon_unknown"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "クーポン名を入力してください"),
        ({"kind": ""}, "種類を選択してください"),
        ({"kind": "everything_free"}, "種類は選択肢から選んでください"),
        ({"value": ""}, "値引額を1円以上で入力してください"),
        ({"value": "abc"}, "値引額・割引率は数字で入力してください"),
        ({"value": "5,80"}, "値引額・割引率は「5,800」「5800」のような数字で入力してください"),
        ({"kind": "percent_off", "value": "101"}, "割引率は1から100までの数字で入力してください"),
        ({"kind": "free_shipping"}, "送料無料では値引額・割引率を空欄にしてください"),
        ({"minimum": "-1"}, "ご利用条件（商品合計）は0以上で入力してください"),
        ({"valid_until": ""}, "有効期限を入力してください"),
        ({"valid_until": "2020-01-01"}, "有効期限は今日以降の日付を入力してください"),
        ({"valid_until": "9999-12-31"}, "有効期限は10年以内の日付を入力してください"),
        ({"uses_max": "0"}, "全体の利用回数の上限は1〜9,999の数字で入力してください"),
        ({"member_uses_max": "x"}, "会員ごとの利用回数の上限は1〜9,999の数字で入力してください"),
    ],
)
async def test_what_is_wrong_with_a_new_coupon_is_said_at_its_field(
    members: MembersService, changes: dict[str, str], message: str
) -> None:
    await members.staff()
    form = {"name": "夏のクーポン", "kind": "amount_off", "value": "500", "key": str(new_id())}
    form["valid_until"] = f"{in_japan(now()).date():%Y-%m-%d}"
    async with members.browser() as desk:
        await desk.post("/desk/login", data={"email": "desk@noren.example", "password": "aoi-noren-7"})
        answer = await desk.post("/desk/members/coupons/new", data={**form, **changes})

    assert answer.status_code == 422
    assert f"{message}</a>" in answer.text, answer.text
    assert await members.rows("SELECT 1 FROM coupons") == []


async def test_a_form_of_a_coupon_sent_twice_is_one_coupon(members: MembersService) -> None:
    await members.staff()
    async with members.browser() as desk:
        await desk.post("/desk/login", data={"email": "desk@noren.example", "password": "aoi-noren-7"})
        page = (await desk.get("/desk/members/coupons/new")).text
        [key] = re.findall(r'name="key" value="([^"]+)"', page)
        form = {"name": "夏のクーポン", "kind": "amount_off", "value": "500", "key": key}
        form["valid_until"] = f"{in_japan(now()).date():%Y-%m-%d}"
        first, second = [await desk.post("/desk/members/coupons/new", data=form) for _ in range(2)]
        assert (first.status_code, second.headers["location"]) == (303, first.headers["location"])
        other = await desk.post("/desk/members/coupons/new", data={**form, "value": "5000"})
        assert (other.status_code, "このクーポンは登録済みです" in other.text) == (409, True)
    assert len(await members.rows("SELECT 1 FROM coupons")) == 1
    assert len(await members.rows("SELECT 1 FROM staff_deeds WHERE deed = 'coupon_defined'")) == 1


async def test_the_desk_of_coupons_is_closed_to_everybody_else(members: MembersService) -> None:
    aya = await members.register()
    await issued(members, aya)
    [coupon] = await members.rows("SELECT coupon_id FROM coupons")
    base = "/desk/members/coupons"
    async with members.browser() as shopper:
        await members.log_in(shopper)
        for path in (base, f"{base}/new", f"{base}/{coupon.coupon_id}", f"{base}/{coupon.coupon_id}/members"):
            assert (await shopper.get(path)).status_code == 403
        given = await shopper.post(f"{base}/{coupon.coupon_id}/members", data={"id": str(aya)})
        assert given.status_code == 403
