"""Staff: who gets a role, how long its rights hold, what a clerk may not do, and who did what."""

import subprocess
import sys
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from members.deeds.rows import Doer, note_deed
from members.deeds.tables import staff_deeds
from members.staff.add_staff import add_staff
from members.staff.list_staff import staff_lines
from members.staff.remove_staff import remove_staff
from members.staff.rows import all_staff
from shared import clock
from shared.clock import JAPAN, in_japan, now
from shared.errors import Refused
from shared.events import (
    CouponIssued,
    MailAddressCorrected,
    MailSettingsChanged,
    MailsResent,
    OrdersExported,
    PaymentDeedDone,
    PaymentLookUpRequested,
    PaymentSettingsChanged,
    PaymentsExported,
    SessionsRevoked,
    ShopSettingsChanged,
    TestMailRequested,
)
from shared.ids import new_id
from shared.web.session import STAFF_RENEWAL
from tests.members.member_examples import an_order
from tests.members.members_service import PASSWORD, MembersService, at_desk

STAFF = {"email": "desk@noren.example", "password": PASSWORD}
COUPON = {
    "name": "夏のクーポン",
    "kind": "amount_off",
    "value": "500",
    "valid_until": f"{in_japan(now()) + timedelta(days=30):%Y-%m-%d}",
    "member_uses_max": "1",
    "key": "0190f5fe-7c00-7a00-8000-0000000000c0",
}
NAMED = f"夏のクーポン（{COUPON['key']}）"


async def promote(members: MembersService, email: str, *, promote: bool = True) -> str:
    """Run the operators' command for a known address."""
    return await add_staff(
        members.db, members.hasher, email=email, name="店員", role="staff", password="x", promote=promote
    )


async def test_a_known_address_gets_no_role_without_the_operator(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    with pytest.raises(Refused, match="email_known"):
        await promote(members, "CLERK@example.jp", promote=False)
    async with members.browser() as browser:
        refused = await browser.post("/desk/login", data={**STAFF, "email": "clerk@example.jp"})
    assert refused.status_code == 422
    assert await members.rows("SELECT 1 FROM staff") == []


async def test_a_role_that_is_given_is_on_record_with_the_old_one(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    await promote(members, "clerk@example.jp")
    await add_staff(
        members.db,
        members.hasher,
        email="clerk@example.jp",
        name="店員",
        role="owner",
        password="x",
        promote=True,
    )
    async with members.browser() as desk:
        await at_desk(members, desk)
        page = (await desk.get("/desk/members/deeds?deed=role_given")).text
    assert "スタッフの権限を付与" in page
    for told in (
        "clerk@example.jp、なし → manager",
        "clerk@example.jp、manager → owner",
        f"{STAFF['email']}、owner",
    ):
        assert told in page
    assert page.count("運用者（コマンド）") == 3


@pytest.mark.parametrize(
    ("name", "email", "code"),
    [("店\u202e員", "a@example.jp", "name_refused"), ("店員", "no address", "email_refused")],
)
async def test_a_name_or_address_that_no_form_takes_gets_no_role(
    members: MembersService, name: str, email: str, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        await add_staff(members.db, members.hasher, email=email, name=name, role="staff", password=PASSWORD)
    assert await members.rows("SELECT 1 FROM staff") == []


async def test_an_address_that_nobody_proved_gets_no_role_at_all(members: MembersService) -> None:
    await members.register("clerk@example.jp", email_proved=False)
    with pytest.raises(Refused, match="email_not_proved"):
        await promote(members, "clerk@example.jp")
    assert await members.rows("SELECT 1 FROM staff") == []


async def test_who_is_promoted_logs_in_anew(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    async with members.browser() as browser:
        await members.log_in(browser, "clerk@example.jp")
        assert await promote(members, "clerk@example.jp") == "promoted"
        assert (await browser.get("/members/mypage")).status_code == 303
        entered = await browser.post("/desk/login", data={**STAFF, "email": "clerk@example.jp"})
        assert entered.headers["location"] == "/desk"
    assert len(await members.said(SessionsRevoked)) == 1


async def test_who_leaves_has_no_role_and_no_login_anywhere(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    await promote(members, "clerk@example.jp")
    async with members.browser() as desk, members.browser() as shop:
        await desk.post("/desk/login", data={**STAFF, "email": "clerk@example.jp"})
        await members.log_in(shop, "clerk@example.jp")
        before = len(await members.said(SessionsRevoked))

        assert await remove_staff(members.db, email="CLERK@example.jp") == 2

        assert len(await members.said(SessionsRevoked)) == before + 2
        assert (await shop.get("/members/mypage")).status_code == 303
        answer = await desk.get("/members/staff/renew?next=/desk/members")
        assert answer.headers["location"].startswith("/desk/login")
        again = await desk.post("/desk/login", data={**STAFF, "email": "clerk@example.jp"})
        assert again.status_code == 422
    async with members.db.transaction() as tx:
        assert staff_lines(await all_staff(tx, at=now())) == ""
    async with members.browser() as desk:
        await at_desk(members, desk)
        page = (await desk.get("/desk/members/deeds?deed=role_taken")).text
    assert "スタッフの権限を取り消し" in page
    assert "clerk@example.jp、manager" in page


async def test_who_has_no_role_cannot_lose_one(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    for email in ("clerk@example.jp", "nobody@example.jp"):
        with pytest.raises(Refused, match="no_staff"):
            await remove_staff(members.db, email=email)


async def test_the_list_of_staff_tells_role_day_address_and_name(members: MembersService) -> None:
    await members.register("clerk@example.jp")
    await promote(members, "clerk@example.jp")
    await members.staff()
    async with members.db.transaction() as tx:
        lines = staff_lines(await all_staff(tx, at=now())).splitlines()
    today = f"{in_japan(now()):%Y-%m-%d}"
    assert [line.split("\t")[:3] for line in lines] == [
        ["owner", today, STAFF["email"]],
        ["manager", today, "clerk@example.jp"],
    ]


@pytest.mark.parametrize("command", ["add_staff", "remove_staff", "list_staff"])
def test_a_command_without_its_database_names_the_setting(command: str) -> None:
    arguments = {"add_staff": ["--email", "a@b.jp", "--name", "A"], "remove_staff": ["--email", "a@b.jp"]}
    told = subprocess.run(
        [sys.executable, "-m", f"members.staff.{command}", *arguments.get(command, [])],
        env={"PATH": ""},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr == f"{command}: MIGRATE_DATABASE_URL is not set\n"


@pytest.mark.parametrize("service", ["checkout", "payments", "members", "notifications"])
def test_a_service_without_its_settings_names_them_in_a_line(service: str) -> None:
    told = subprocess.run(
        [sys.executable, "-m", service, "migrate"],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 1
    assert told.stderr.startswith(f"{service}: DATABASE_URL is not set; AMQP_URL is not set")


async def renewed(browser: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """Follow a request by members and back, as browsers do with 307."""
    assert answer.status_code == 307, answer.headers
    sent = answer.request
    there = await browser.request(sent.method, answer.headers["location"], content=sent.content)
    assert there.status_code == 307
    headers = {"content-type": sent.headers.get("content-type", "")}
    return await browser.request(
        sent.method, there.headers["location"], content=sent.content, headers=headers
    )


async def test_rights_of_staff_hold_a_minute_and_are_then_renewed(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as desk:
        await at_desk(members, desk)
        clock.clock.move(timedelta(seconds=59))
        assert (await desk.get("/desk/members?q=aya")).status_code == 200
        clock.clock.move(timedelta(seconds=2))

        assert (await renewed(desk, await desk.get("/desk/members?q=aya"))).status_code == 200
        clock.clock.move(timedelta(seconds=61))
        form = await desk.post(f"/desk/members/{aya}/password-reset", data={"a": "b"})
        assert (await renewed(desk, form)).status_code == 303
    assert len(await members.rows("SELECT 1 FROM staff_deeds WHERE deed = 'reset_started'")) == 1


async def test_rights_are_renewed_with_the_files_of_a_form(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        files = {"picture": ("a.png", b"x" * 19_000_000)}
        there = await desk.post(f"{STAFF_RENEWAL}?next=/desk/items/pictures/upload", files=files)
    assert (there.status_code, there.headers["location"]) == (307, "/desk/items/pictures/upload")


@pytest.mark.parametrize("ended", ["logout", "role"])
async def test_rights_are_not_renewed_for_who_left(members: MembersService, ended: str) -> None:
    async with members.browser() as desk, members.browser() as thief:
        await at_desk(members, desk)
        thief.cookies.set("noren_session", desk.cookies["noren_session"])
        if ended == "logout":
            await desk.post("/members/logout")
        else:
            async with members.db.transaction() as tx:
                await tx.execute("DELETE FROM staff")
        answer = await thief.get("/members/staff/renew?next=/desk/members")
    assert answer.headers["location"].startswith("/desk/login?next=/desk/members")
    assert "set-cookie" not in answer.headers


async def test_a_form_of_staff_whose_session_ended_keeps_its_text(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        async with members.db.transaction() as tx:
            await tx.execute("UPDATE sessions SET revoked_at = now()")
        answer = await desk.post(
            f"{STAFF_RENEWAL}?next=/desk/orders/N1/notes", data={"text": "折り返し お電話", "version": "3"}
        )
    assert answer.status_code == 401
    assert 'action="/desk/orders/N1/notes"' in answer.text
    assert 'value="折り返し お電話"' in answer.text
    assert 'href="/desk/login?next=/desk"' in answer.text


async def test_a_changed_role_counts_from_the_next_renewal_on(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        async with members.db.transaction() as tx:
            await tx.execute("UPDATE staff SET role = 'staff'")
        await desk.get("/members/staff/renew?next=/desk")
        assert members.session_claims(desk)["staff"] == "manager"


async def test_renewing_leads_to_no_other_site(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        answer = await desk.get("/members/staff/renew?next=//evil.example/")
    assert answer.headers["location"] == "/desk"


@pytest.mark.parametrize(
    "path", ["/desk/members/export.csv", "/desk/members/deeds", "/desk/members/coupons/new"]
)
async def test_what_is_an_owners_is_closed_to_a_clerk(members: MembersService, path: str) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk, role="staff")
        assert (await desk.get(path)).status_code == 403
        assert path not in (await desk.get("/desk/members")).text
        assert (await desk.post("/desk/members/coupons/new", data=COUPON)).status_code == 403
    assert await members.rows("SELECT 1 FROM coupons") == []


@pytest.mark.parametrize(("role", "offered"), [("staff", False), ("owner", True)])
async def test_only_owners_are_offered_to_define_a_first_coupon(
    members: MembersService, role: str, offered: bool
) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk, role=role)
        page = (await desk.get("/desk/members/coupons")).text
    assert "クーポンはまだありません" in page
    assert ("/desk/members/coupons/new" in page) is offered
    assert ("責任者だけが行えます" in page) is not offered


async def test_staff_are_no_customers(members: MembersService) -> None:
    aya = await members.register()
    async with members.browser() as desk:
        await at_desk(members, desk)
        [staff] = await members.rows("SELECT member_id FROM staff")
        assert "desk@noren.example" not in (await desk.get("/desk/members")).text
        assert "desk@noren.example" not in (await desk.get("/desk/members/export.csv")).text
        await desk.post("/desk/members/coupons/new", data=COUPON)
        [coupon] = await members.rows("SELECT coupon_id FROM coupons")
        path = f"/desk/members/coupons/{coupon.coupon_id}/members"
        assert "desk@noren.example" not in (await desk.get(path)).text
        page = await desk.post(path, data={"id": [str(staff.member_id), str(aya)]})
        assert "スタッフのアカウントには発行できません" in page.text
    assert [event.member_id for event in await members.said(CouponIssued)] == [aya]


async def test_nobody_makes_their_own_points_valid(members: MembersService) -> None:
    await members.rule(purchase_activation="manual")
    async with members.browser() as desk:
        await at_desk(members, desk)
        [staff] = await members.rows("SELECT member_id FROM staff")
        await members.hears(an_order(member_id=staff.member_id))
        [grant] = await members.rows("SELECT grant_id FROM point_grants")
        path = f"/desk/members/{staff.member_id}/grants/{grant.grant_id}/activate"
        assert (await desk.post(path)).status_code == 403
    assert (await members.balance(staff.member_id)).active == 0


async def deeds(members: MembersService) -> list[tuple[Any, ...]]:
    """What is written down of deeds at the desks, oldest first."""
    rows = await members.rows(
        "SELECT deed, by, subject FROM staff_deeds WHERE deed <> 'role_given' ORDER BY done_at, deed_id"
    )
    return [(row.deed, row.by, row.subject) for row in rows]


@pytest.mark.feature("STF-03", clause="members: one line for each deed")
async def test_deeds_of_the_desk_are_written_down_with_a_name(members: MembersService) -> None:
    aya = await members.register()
    await members.staff()
    async with members.browser() as desk:
        await desk.post("/desk/login", data={**STAFF, "password": "wrong-pass-1"})
        await desk.post("/desk/login", data={"email": "aya@example.jp", "password": "secret-in-wrong-box"})
        await desk.post("/desk/login", data=STAFF)
        await desk.get("/desk/members/export.csv")
        await desk.post("/desk/members/coupons/new", data=COUPON)
        [coupon] = await members.rows("SELECT coupon_id FROM coupons")
        await desk.post(f"/desk/members/coupons/{coupon.coupon_id}/members", data={"id": [str(aya)]})
        page = (await desk.get("/desk/members/deeds")).text

    assert await deeds(members) == [
        ("login_failed", "", "店長"),
        ("login_failed", "", ""),
        ("logged_in", "店長", ""),
        ("members_exported", "店長", "1人"),
        ("coupon_defined", "店長", NAMED),
        ("coupon_issued", "店長", f"{NAMED}：1人: 綾瀬 あや"),
    ]
    for words in ("ログイン失敗", "会員データの出力", "クーポンの発行", "192.0.2.10"):
        assert words in page


async def test_deeds_at_other_desks_stand_beside_them(members: MembersService) -> None:
    by: dict[str, Any] = {"by_id": new_id(), "by": "店員", "ip": "192.0.2.9"}
    await members.hears(
        OrdersExported(**by, subject="3件（条件：q=山田）"),
        PaymentsExported(**by, subject="2件"),
        PaymentLookUpRequested(**by, subject="N-1"),
        MailsResent(**by, subject="1通：hanako@example.jp"),
        MailAddressCorrected(
            **by, subject="N-1：a@example.jp → b@example.jp", order_code="N-1", email="b@example.jp"
        ),
        PaymentDeedDone(**by, subject="N-1：返金を依頼しました（返金額 ¥500）", order_code="N-1"),
        TestMailRequested(**by, subject="発送通知メール → a@example.jp"),
        ShopSettingsChanged(**by, subject="送料：¥550 → ¥800"),
        PaymentSettingsChanged(**by, subject="表示名：（初期値） → カード"),
        MailSettingsChanged(**by, subject="送信元：このお店 → 受注管理ソフト"),
        times=2,
    )
    async with members.browser() as desk:
        await at_desk(members, desk)
        page = (await desk.get("/desk/members/deeds")).text
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]

    for words in (
        "受注データの出力",
        "3件（条件：q=山田）",
        "決済データの出力",
        "決済会社への照会",
        "メールの再送",
        "メールの宛先の訂正",
        "返金を依頼しました（返金額 ¥500）",
        "テストメールの送信",
        "店舗設定の変更",
        "送料：¥550 → ¥800",
        "決済設定の変更",
        "メール設定の変更",
    ):
        assert table.count(words) == 1
    assert {("orders_exported", "店員", "3件（条件：q=山田）")} < set(await deeds(members))


async def test_a_locked_out_login_at_the_desk_is_written_down_once(members: MembersService) -> None:
    await members.staff()
    async with members.browser() as stranger:
        for _ in range(15):
            await stranger.post("/desk/login", data={**STAFF, "password": "wrong-pass-1"})
    assert [deed for deed, _, _ in await deeds(members)] == ["login_failed"] * 10 + ["locked_out"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["coupon_defined", "rules_changed"]),
        ("?deed=rules_changed", ["rules_changed"]),
        ("?q=夏の", ["coupon_defined"]),
        ("?q=店員", ["rules_changed"]),
        ("?q=%25", []),
        ("?from=2026-11-02", ["coupon_defined"]),
        ("?until=2026-11-01", ["rules_changed"]),
        ("?from=2026-11-01&until=2026-11-02&deed=nothing", ["coupon_defined", "rules_changed"]),
        ("?from=0001-01-01&until=tomorrow", ["coupon_defined", "rules_changed"]),
    ],
)
async def test_deeds_are_found_by_kind_words_and_days(
    members: MembersService, query: str, found: list[str]
) -> None:
    day = datetime(2026, 11, 1, 23, 59, tzinfo=JAPAN)
    async with members.db.transaction() as tx:
        await note_deed(tx, Doer(None, "店員", "192.0.2.7"), "rules_changed", at=day)
        later = day + timedelta(minutes=1)
        await note_deed(tx, Doer(None, "店主", "192.0.2.8"), "coupon_defined", "夏のクーポン", at=later)
    async with members.browser() as desk:
        await at_desk(members, desk)
        table = (await desk.get(f"/desk/members/deeds{query}")).text.partition("<tbody>")[2]
    seen = {"coupon_defined": "192.0.2.8", "rules_changed": "192.0.2.7"}
    assert [deed for deed, ip in seen.items() if ip in table] == found


def test_deeds_are_only_added_to() -> None:
    assert staff_deeds.info["append_only"] is True


async def test_staff_sessions_of_strangers_are_not_renewed(members: MembersService) -> None:
    await members.register()
    async with members.browser() as shopper:
        await members.log_in(shopper)
        answer = await shopper.get("/members/staff/renew?next=/desk/members")
    assert answer.headers["location"].startswith("/desk/login")
    assert members.session_claims(shopper)["staff"] is None
