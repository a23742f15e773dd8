"""Points set aside for an order: once, for a while, by whoever may."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import httpx
import pytest

from harness.eventually import eventually
from members.benefits.release_benefit import ReleaseBenefits
from members.benefits.reserve_benefit import reserve_benefit, reserve_registration_points
from members.benefits.rows import end_reservation, lock_reservation
from members.benefits.tables import benefit_reservations
from members.points.activate_points import activate_points
from shared import clock
from shared.clock import now
from shared.due.rows import claim_due
from shared.due.work import DueRunner, DueWork
from shared.errors import Refused
from shared.events import PointsUsed, Registration
from shared.ids import new_id
from tests.members.member_examples import MANAGER, a_cancellation, an_order
from tests.members.members_service import MembersService


def benefit(members: MembersService, browser: httpx.AsyncClient) -> dict[str, Any]:
    """Return what the benefit statement in a browser says."""
    claims: dict[str, Any] = members.keys.verifier.verify("benefit", browser.cookies["noren_benefit"])
    return claims


async def reserve(browser: httpx.AsyncClient, points: int) -> httpx.Response:
    """Send the form of the order page."""
    return await browser.post(
        "/members/benefits/reserve", data={"points": str(points), "next": "/order/confirm"}
    )


async def test_points_are_set_aside_and_stated_and_spent_once(
    members: MembersService,
) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        answer = await reserve(browser, 200)
        assert (answer.status_code, answer.headers["location"]) == (303, "/order/confirm#points")
        stated = benefit(members, browser)
    assert (stated["points"], stated["member_id"], stated["registration"]) == (200, str(aya), False)
    assert stated["exp"] - stated["iat"] == 30 * 60
    assert (await members.balance(aya)).available == 300

    order = an_order(member_id=aya, points=200, reservation_id=UUID(stated["reservation_id"]))
    await members.hears(order, times=2)

    balance = await members.balance(aya)
    assert (balance.active, balance.reserved) == (300, 0)
    assert [event.points for event in await members.said(PointsUsed)] == [200]
    [row] = await members.rows("SELECT status, order_code, due_at FROM benefit_reservations")
    assert (row.status, row.order_code, row.due_at) == ("committed", "N-1001", None)

    await members.hears(a_cancellation())
    assert (await members.balance(aya)).active == 500


@pytest.mark.feature("PNT-21")
async def test_of_two_orders_at_once_with_all_points_one_gets_them(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as phone, members.browser() as desktop:
        await members.log_in(phone)
        await members.log_in(desktop)
        for browser in (phone, desktop):
            browser.headers["accept"] = "application/json"

        answers = await asyncio.gather(
            *(browser.post("/api/members/benefits", json={"points": 500}) for browser in (phone, desktop) * 8)
        )

    # Each browser may send its form twice; still all of it belongs to one reservation.
    won = {answer.json()["reservation_id"] for answer in answers if answer.status_code == 200}
    assert len(won) == 1
    assert {answer.status_code for answer in answers} == {200, 409}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"not_enough_points"}
    assert (await members.balance(aya)).reserved == 500


async def test_a_changed_number_keeps_the_reservation_for_one_order(
    members: MembersService,
) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        await reserve(browser, 300)
        first = benefit(members, browser)
        await reserve(browser, 0)
        await reserve(browser, 500)
        last = benefit(members, browser)
        profile = (await browser.get("/api/members/me")).json()

    assert last["reservation_id"] == first["reservation_id"]
    assert last["points"] == 500
    assert profile["points_available"] == 500
    assert (await members.balance(aya)).reserved == 500


async def test_an_order_for_fewer_points_than_were_held_frees_the_rest(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        await reserve(browser, 500)
        await reserve(browser, 300)
        stated = benefit(members, browser)

    await members.hears(an_order(member_id=aya, points=300, reservation_id=UUID(stated["reservation_id"])))

    balance = await members.balance(aya)
    assert (balance.active, balance.reserved) == (200, 0)


async def test_what_a_statement_may_still_claim_stays_set_aside(
    members: MembersService,
) -> None:
    aya = await members.register()
    async with members.browser() as phone, members.browser() as desktop:
        await members.log_in(phone)
        await members.log_in(desktop)
        await reserve(phone, 500)
        await reserve(phone, 0)
        refused = await reserve(desktop, 500)

    assert "noren_benefit" not in desktop.cookies
    assert refused.status_code == 303
    assert (await members.balance(aya)).reserved == 500


async def test_what_no_order_came_for_is_released_by_due_work(members: MembersService) -> None:
    aya = await members.register()
    async with members.db.transaction() as tx:
        await reserve_benefit(tx, member_id=aya, points=500, at=now())
    runner = DueRunner(
        DueWork("release_benefits", benefit_reservations, ReleaseBenefits(members.db)), members.db
    )
    running = asyncio.create_task(runner.run())
    try:
        await eventually(lambda: runner.alive_at > 0)
        assert (await members.balance(aya)).reserved == 500

        clock.clock.move(timedelta(minutes=36))

        async def released() -> None:
            assert (await members.balance(aya)).reserved == 0

        await eventually(released)
    finally:
        runner.stop()
        await running
    [row] = await members.rows("SELECT status, due_at FROM benefit_reservations")
    assert (row.status, row.due_at) == ("released", None)


async def test_an_order_after_the_release_spends_what_is_there(
    members: MembersService,
) -> None:
    aya = await members.register()
    async with members.db.transaction() as tx:
        reservation = await reserve_benefit(tx, member_id=aya, points=500, at=now())
        await tx.execute("UPDATE benefit_reservations SET status = 'released', due_at = NULL")
        await tx.execute("UPDATE point_balances SET held = 0")
    await members.hears(an_order("N-0", member_id=aya, points=450))

    await members.hears(an_order("N-1", member_id=aya, points=500, reservation_id=reservation.reservation_id))

    assert (await members.balance(aya)).active == 0
    [order] = await members.rows("SELECT points_used, note FROM member_orders WHERE order_code = 'N-1'")
    assert (order.points_used, order.note) == (50, "points_short:450")


@pytest.mark.feature("PNT-02")
async def test_a_registering_buyer_spends_the_points_at_once(
    members: MembersService,
) -> None:
    async with members.browser() as browser:
        members.carry_wallet(browser, ordering=True)
        await reserve(browser, 500)
        stated = benefit(members, browser)
        await reserve(browser, 300)
        assert benefit(members, browser)["reservation_id"] == stated["reservation_id"]
    assert stated["registration"] is True
    member_id = UUID(stated["member_id"])

    await members.hears(
        an_order(
            registration=Registration(
                member_id=member_id, wallet_kind="amazon_pay", wallet_buyer_id="amzn1.account.AYA"
            ),
            points=300,
            reservation_id=UUID(stated["reservation_id"]),
        )
    )

    balance = await members.balance(member_id)
    assert (balance.active, balance.reserved) == (200, 0)
    [row] = await members.rows("SELECT status FROM benefit_reservations")
    assert row.status == "committed"


async def test_registration_points_name_no_id_of_the_clients(
    members: MembersService,
) -> None:
    mine = str(new_id())
    async with members.browser() as browser:
        browser.headers["accept"] = "application/json"
        members.carry_wallet(browser, ordering=True, email="Aya@example.jp")
        answer = await browser.post("/api/members/benefits", json={"points": 500, "member_id": mine})
        stated = benefit(members, browser)

    assert answer.status_code == 200
    assert (stated["buyer_id"], stated["email"]) == ("amzn1.account.AYA", "Aya@example.jp")
    assert stated["member_id"] != mine


async def test_registration_points_go_to_a_buyer_and_an_address_once(members: MembersService) -> None:
    async def wants(buyer_id: str, email: str) -> str:
        try:
            async with members.db.transaction() as tx:
                await reserve_registration_points(tx, buyer_id=buyer_id, email=email, points=500, at=now())
        except Refused as refusal:
            return refusal.code
        return ""

    first = await promised(members, 500)
    assert await wants("amzn1.account.OTHER", "AYA@example.jp") == "registration_points_used"
    # The registration was refused, as an address that is taken meanwhile makes it; the points are spent all the same.
    async with members.db.transaction() as tx:
        await end_reservation(tx, first, status="committed", at=now(), order_code="N-1")
    assert await wants("amzn1.account.AYA", "another@example.jp") == "registration_points_used"
    assert await wants("amzn1.account.OTHER", "aya@example.jp") == "registration_points_used"
    assert await wants("amzn1.account.OTHER", "other@example.jp") == ""
    await members.register("bo@example.jp")
    assert await wants("amzn1.account.THIRD", "bo+tag@example.jp") == "registration_points_used"


async def test_a_member_with_a_new_account_is_asked_to_log_in(members: MembersService) -> None:
    await members.register("aya@example.jp")
    with pytest.raises(Refused, match="login_needed"):
        await promised(members, 500)


@pytest.mark.feature("PNT-03")
async def test_points_not_valid_at_once_pay_no_registering_order(
    members: MembersService,
) -> None:
    await members.rule(registration_activation="manual")
    async with members.browser() as browser:
        browser.headers["accept"] = "application/json"
        members.carry_wallet(browser, ordering=True)
        refused = await browser.post("/api/members/benefits", json={"points": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "points_not_valid_yet")

    aya = await members.register()
    assert (await members.balance(aya)).available == 0
    [grant] = await members.rows("SELECT grant_id FROM point_grants")
    async with members.db.transaction() as tx:
        await activate_points(tx, aya, grant.grant_id, by=MANAGER, at=now())
    async with members.browser() as browser:
        await members.log_in(browser)
        await reserve(browser, 500)
        assert benefit(members, browser)["points"] == 500


@pytest.mark.parametrize("points", ["-1", "501", "1.5", "", "1e9", "NaN", "99999999999"])
async def test_too_many_points_or_no_number_set_nothing_aside(members: MembersService, points: str) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        answer = await browser.post("/members/benefits/reserve", data={"points": points, "next": "/cart"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/cart#points")
    told = unquote(browser.cookies["noren_toast"]).split("\n")
    assert told == ["stop", "points", points, "ご利用ポイントは0〜500の範囲で入力してください"]
    assert "noren_benefit" not in browser.cookies
    assert await members.rows("SELECT 1 FROM benefit_reservations") == []


async def test_points_set_aside_count_among_those_that_may_be_used(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        await reserve(browser, 400)
        await reserve(browser, 501)
        assert "0〜500の範囲" in unquote(browser.cookies["noren_toast"])
        await reserve(browser, 500)
        assert benefit(members, browser)["points"] == 500


async def test_nobody_sets_aside_points_of_nobody(members: MembersService) -> None:
    async with members.browser() as browser:
        browser.headers["accept"] = "application/json"
        answer = await browser.post("/api/members/benefits", json={"points": 1, "member_id": str(new_id())})

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")


@pytest.mark.parametrize("change", ["member_id = :other", "status = 'released'", "registration = true"])
async def test_a_reservation_that_is_over_or_anothers_is_never_changed(
    members: MembersService, change: str
) -> None:
    aya = await members.register()
    async with members.db.transaction() as tx:
        first = await reserve_benefit(tx, member_id=aya, points=200, at=now())
        values = {"other": new_id()} if ":other" in change else {}
        await tx.execute(f"UPDATE benefit_reservations SET {change}", **values)
        second = await reserve_benefit(
            tx, member_id=aya, points=100, at=now(), earlier_id=first.reservation_id
        )
    assert second.reservation_id != first.reservation_id
    rows = await members.rows("SELECT points, points_held FROM benefit_reservations ORDER BY points")
    assert [tuple(row) for row in rows] == [(100, 100), (200, 200)]
    assert (await members.balance(aya)).reserved == 300


async def promised(members: MembersService, points: int) -> UUID:
    """Set registration points of a buyer aside and return the reservation's id."""
    async with members.db.transaction() as tx:
        made = await reserve_registration_points(
            tx, buyer_id="amzn1.account.AYA", email="aya@example.jp", points=points, at=now()
        )
    return made.reservation_id


async def test_points_of_a_buyer_who_did_not_register_are_freed(members: MembersService) -> None:
    first = await promised(members, 500)
    clock.clock.move(timedelta(minutes=36))
    async with members.db.transaction() as tx:
        claimed = await claim_due(tx, benefit_reservations, rows_max=9, at=now())
    for row in claimed:
        await ReleaseBenefits(members.db)(row)

    [row] = await members.rows("SELECT status, due_at, ended_at FROM benefit_reservations")
    assert (row.status, row.due_at, row.ended_at is not None) == ("released", None, True)
    assert await promised(members, 300) != first


async def test_a_reservation_that_ends_meanwhile_is_not_changed(
    members: MembersService,
) -> None:
    reservation_id = await promised(members, 500)
    async with members.db.transaction() as tx:
        await lock_reservation(tx, reservation_id)
        changing = asyncio.create_task(promised(members, 300))

        async def waits() -> None:
            assert await members.rows("SELECT 1 FROM pg_locks WHERE NOT granted")

        await eventually(waits)
        await end_reservation(tx, reservation_id, status="released", at=now())
    with pytest.raises(Refused, match="reservation_ended"):
        await changing
    assert [row.points for row in await members.rows("SELECT points FROM benefit_reservations")] == [500]
