"""Owners invite staff, change and disable them; the last owner stays one, and the link of an invitation works once."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from members.deeds.rows import Doer
from members.staff.add_staff import add_staff
from members.staff.change_staff import change_role
from members.staff.remove_staff import remove_staff
from shared.clock import now
from shared.errors import Refused
from shared.events import MemberRegistered, SessionsRevoked, StaffInvited
from tests.members.members_service import PASSWORD, MembersService, at_desk
from tests.members.reset_links import opens_link

STAFF = "/desk/members/staff"
JOIN = "/members/staff/join"
NEW = "tsugi-no-tobira-8"
CLERK = {"name": "受注 太郎", "email": "clerk@example.jp", "role": "orders"}


async def invited(members: MembersService, desk: httpx.AsyncClient, **more: str) -> StaffInvited:
    """Invite the clerk at the desk, and return what notifications hears."""
    answer = await desk.post(f"{STAFF}/invite", data=CLERK | more)
    assert answer.status_code == 303, answer.text
    event: StaffInvited = (await members.said(StaffInvited))[-1]
    return event


async def joins(members: MembersService, event: StaffInvited, password: str = NEW) -> httpx.Response:
    """Open the link of an invitation in a fresh browser and send its form."""
    async with members.browser() as browser:
        await opens_link(members, browser, event)
        return await browser.post(JOIN, data={"new_password": password, "repeated": password})


async def logs_in(
    members: MembersService, browser: httpx.AsyncClient, email: str = "clerk@example.jp", password: str = NEW
) -> httpx.Response:
    return await browser.post("/desk/login", data={"email": email, "password": password})


async def id_of(members: MembersService, email: str) -> UUID:
    [row] = await members.rows("SELECT member_id FROM members WHERE email = :email", email=email)
    member_id: UUID = row.member_id
    return member_id


async def test_an_invited_person_sets_a_password_and_has_the_role(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as clerk:
        await at_desk(members, desk)
        event = await invited(members, desk)
        assert "招待中" in (await desk.get(STAFF)).text
        page = await opens_link(members, clerk, event)
        assert "受注担当" in page.text
        answer = await joins(members, event)
        assert answer.headers["location"] == "/desk/login"
        assert (await logs_in(members, clerk)).headers["location"] == "/desk"
        assert members.session_claims(clerk)["staff"] == "orders"
        assert (await clerk.get(STAFF)).status_code == 403
        listed = (await desk.get(STAFF)).text
    assert "招待中" not in listed
    assert "受注 太郎" in listed
    assert await members.said(MemberRegistered) == []


async def test_an_invitation_works_once_and_only_the_newest(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        first, second = await invited(members, desk), await invited(members, desk)
        assert (await joins(members, first)).status_code == 410
        assert (await joins(members, second)).status_code == 303
        assert (await joins(members, second, "mada-tsukaeru-9")).status_code == 410
    assert len(await members.rows("SELECT 1 FROM staff WHERE role = 'orders'")) == 1


async def test_a_withdrawn_or_old_invitation_opens_nothing(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        event = await invited(members, desk)
        path = f"{STAFF}/invitations/{event.request_id}/withdraw"
        assert (await desk.post(path)).status_code == 303
        assert (await desk.post(path)).status_code == 409
        assert (await joins(members, event)).status_code == 410
        late = await invited(members, desk)
        async with members.db.transaction() as tx:
            await tx.execute(
                "UPDATE staff_invitations SET expires_at = :past", past=now() - timedelta(seconds=1)
            )
        assert (await joins(members, late)).status_code == 410
        assert "期限切れ" in (await desk.get(STAFF)).text
    assert await members.rows("SELECT 1 FROM staff WHERE role = 'orders'") == []


async def becomes_staff_by_command(members: MembersService, role: str, *, promote: bool = False) -> None:
    await add_staff(
        members.db,
        members.hasher,
        email="clerk@example.jp",
        name="受注 太郎",
        role=role,
        password=PASSWORD,
        promote=promote,
    )


async def standing_of_clerk(members: MembersService) -> list[tuple[str, bool]]:
    rows = await members.rows(
        "SELECT role, disabled_at FROM staff WHERE member_id = :id",
        id=await id_of(members, "clerk@example.jp"),
    )
    return [(row.role, row.disabled_at is None) for row in rows]


async def test_a_role_from_the_command_ends_open_invitations(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        event = await invited(members, desk, role="manager")
        await becomes_staff_by_command(members, "orders")
        assert "招待中" not in (await desk.get(STAFF)).text
        await desk.post(f"{STAFF}/{await id_of(members, 'clerk@example.jp')}/disable")
        assert (await joins(members, event)).status_code == 410
    assert await standing_of_clerk(members) == [("orders", False)]


@pytest.mark.parametrize("disabled", [True, False])
async def test_an_open_invitation_never_changes_who_is_staff(members: MembersService, disabled: bool) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await becomes_staff_by_command(members, "orders")
        await remove_staff(members.db, email="clerk@example.jp")
        event = await invited(members, desk, role="owner")
        async with members.db.transaction() as tx:
            await tx.execute(
                "INSERT INTO staff (member_id, role, added_at, disabled_at)"
                " SELECT member_id, 'orders', :at, CASE WHEN :disabled THEN CAST(:at AS timestamptz) END"
                " FROM members WHERE email = 'clerk@example.jp'",
                at=now(),
                disabled=disabled,
            )
        assert (await joins(members, event)).status_code == 410
    assert await standing_of_clerk(members) == [("orders", not disabled)]


@pytest.mark.parametrize("deed", ["role", "disable", "enable"])
async def test_a_changed_standing_ends_open_invitations(members: MembersService, deed: str) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        event = await invited(members, desk, role="owner")
        await becomes_staff_by_command(members, "orders")
        path = f"{STAFF}/{await id_of(members, 'clerk@example.jp')}"
        if deed == "enable":
            await desk.post(f"{path}/disable")
        async with members.db.transaction() as tx:
            await tx.execute("UPDATE staff_invitations SET void_at = NULL")
        assert (
            await desk.post(f"{path}/{deed}", data={"role": "money", "seen": "orders"})
        ).status_code == 303
        assert "招待中" not in (await desk.get(STAFF)).text
        assert (await joins(members, event)).status_code == 410


async def test_an_invitation_during_a_join_leaves_no_second_link(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        first = await invited(members, desk)
        await asyncio.gather(
            joins(members, first), desk.post(f"{STAFF}/invite", data=CLERK | {"role": "owner"})
        )
        joined = await members.rows("SELECT 1 FROM staff WHERE role = 'orders'")
        still_open = await members.rows(
            "SELECT 1 FROM staff_invitations WHERE used_at IS NULL AND void_at IS NULL"
        )
    assert len(joined) + len(still_open) == 1


async def test_commands_leave_the_last_owner_one(members: MembersService) -> None:
    await becomes_staff_by_command(members, "owner")
    with pytest.raises(Refused, match="last_owner"):
        await becomes_staff_by_command(members, "manager", promote=True)
    with pytest.raises(Refused, match="last_owner"):
        await remove_staff(members.db, email="clerk@example.jp")
    assert await standing_of_clerk(members) == [("owner", True)]


async def test_an_invited_customer_keeps_the_account_and_no_login(members: MembersService) -> None:
    """A stranger may have registered the address: neither the password nor a login of before opens the desk."""
    known = await members.register("clerk@example.jp", email_proved=False)
    async with members.browser() as desk, members.browser() as stranger:
        await at_desk(members, desk)
        await members.log_in(stranger, "clerk@example.jp")
        assert (await joins(members, await invited(members, desk))).status_code == 303
        assert (await stranger.get("/members/mypage")).status_code == 303
        assert (await logs_in(members, stranger, password=PASSWORD)).status_code == 422
        assert (await logs_in(members, stranger)).status_code == 303
    assert [
        row.member_id for row in await members.rows("SELECT member_id FROM staff WHERE role = 'orders'")
    ] == [known]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"email": "desk@noren.example"}, "すでにスタッフです"),
        ({"email": "no address"}, "メールアドレス"),
        ({"role": "king"}, "役割"),
        ({"name": ""}, "お名前"),
    ],
)
async def test_a_wrong_invitation_is_refused_at_its_field(
    members: MembersService, wrong: dict[str, str], told: str
) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        answer = await desk.post(f"{STAFF}/invite", data=CLERK | wrong)
    assert answer.status_code == 422
    assert told in answer.text
    assert await members.said(StaffInvited) == []


async def test_a_disabled_person_is_out_at_once_until_enabled(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as clerk:
        await at_desk(members, desk)
        await joins(members, await invited(members, desk))
        await logs_in(members, clerk)
        path = f"{STAFF}/{await id_of(members, 'clerk@example.jp')}"
        ended = len(await members.said(SessionsRevoked))
        assert (await desk.post(f"{path}/disable")).status_code == 303
        assert len(await members.said(SessionsRevoked)) == ended + 1
        assert (
            (await clerk.get("/members/staff/renew?next=/desk")).headers["location"].startswith("/desk/login")
        )
        assert (await logs_in(members, clerk)).status_code == 422
        assert "停止中" in (await desk.get(path)).text
        assert (await desk.post(f"{path}/enable")).status_code == 303
        assert (await logs_in(members, clerk)).status_code == 303


async def test_an_owner_ends_the_logins_of_a_clerk(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as clerk:
        await at_desk(members, desk)
        await joins(members, await invited(members, desk))
        await logs_in(members, clerk)
        path = f"{STAFF}/{await id_of(members, 'clerk@example.jp')}"
        page = (await desk.get(path)).text
        assert "iPhone Safari" in page
        assert "すべてのログインを終了する" in page
        await desk.post(f"{path}/end-sessions")
        assert (await clerk.get("/desk/members/me")).headers["location"].startswith("/desk/login")
        assert "ログイン中の端末はありません" in (await desk.get(path)).text


async def test_the_last_owner_can_neither_be_changed_nor_disabled(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        path = f"{STAFF}/{await id_of(members, 'desk@noren.example')}"
        refused = await desk.post(f"{path}/role", data={"role": "manager", "seen": "owner"})
        assert (refused.status_code, "責任者がひとりもいなくなる" in refused.text) == (409, True)
        assert (await desk.post(f"{path}/disable")).status_code == 409
        await members.staff("second@example.jp")
        assert (await desk.post(f"{path}/role", data={"role": "manager", "seen": "owner"})).status_code == 303
    assert [row.role for row in await members.rows("SELECT role FROM staff ORDER BY role")] == [
        "manager",
        "owner",
    ]


async def test_two_owners_who_demote_each_other_leave_one(members: MembersService) -> None:
    await members.staff("first@example.jp")
    await members.staff("second@example.jp")
    ids = [await id_of(members, f"{name}@example.jp") for name in ("first", "second")]

    async def demote(member_id: UUID) -> Any:
        async with members.db.transaction() as tx:
            return await change_role(
                tx, member_id, "manager", seen="owner", by=Doer(None, "試験", ""), at=now()
            )

    outcomes = await asyncio.gather(*(demote(one) for one in ids), return_exceptions=True)
    assert {type(one) for one in outcomes} == {bool, Refused}
    assert len(await members.rows("SELECT 1 FROM staff WHERE role = 'owner'")) == 1


async def test_a_role_changed_meanwhile_is_not_overwritten(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await joins(members, await invited(members, desk))
        path = f"{STAFF}/{await id_of(members, 'clerk@example.jp')}/role"
        assert (await desk.post(path, data={"role": "money", "seen": "orders"})).status_code == 303
        assert (await desk.post(path, data={"role": "support", "seen": "orders"})).status_code == 409
    assert [row.role for row in await members.rows("SELECT role FROM staff WHERE role <> 'owner'")] == [
        "money"
    ]


async def test_changes_of_staff_are_on_record_with_both_values(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await joins(members, await invited(members, desk))
        clerk = await id_of(members, "clerk@example.jp")
        await desk.post(f"{STAFF}/{clerk}/role", data={"role": "money", "seen": "orders"})
        await desk.post(f"{STAFF}/{clerk}/disable")
    noted = await members.rows(
        "SELECT deed, before, after, device FROM staff_deeds WHERE about_id = :clerk ORDER BY done_at, deed_id",
        clerk=clerk,
    )
    assert [(one.deed, one.before, one.after, one.device) for one in noted] == [
        ("staff_invited", "", "受注担当", "iPhone Safari"),
        ("role_given", "", "受注担当", "iPhone Safari"),
        ("role_changed", "受注担当", "経理担当", "iPhone Safari"),
        ("staff_disabled", "有効", "停止中", "iPhone Safari"),
    ]


@pytest.mark.feature("SEC-12")
async def test_staff_and_owners_see_each_login_with_its_result(members: MembersService) -> None:
    async with members.browser() as desk, members.browser("198.51.100.7") as clerk:
        await at_desk(members, desk)
        await joins(members, await invited(members, desk))
        await logs_in(members, clerk, password="wrong")
        await logs_in(members, clerk)
        own = (await clerk.get("/desk/members/me")).text
        page = (await desk.get(f"{STAFF}/{await id_of(members, 'clerk@example.jp')}")).text
    for shown in (own, page):
        assert "ログイン失敗" in shown
        assert "198.51.100.7" in shown
        assert "iPhone Safari" in shown
    assert "役割を変更する" not in own


@pytest.mark.parametrize(
    ("role", "seen", "hidden"),
    [
        ("owner", ["会員検索", "スタッフ", "操作の記録"], []),
        ("support", ["会員検索", "クーポン"], ["操作の記録", "/desk/members/staff", "ポイント・会員設定"]),
        ("orders", ["受注", "決済"], ["/desk/members/deeds", 'href="/desk/members"', "/desk/members/staff"]),
    ],
)
async def test_the_navigation_shows_only_what_the_person_may_open(
    members: MembersService, role: str, seen: list[str], hidden: list[str]
) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk, role=role)
        page = (await desk.get("/desk/members/me")).text
    assert [word for word in seen if word not in page] == []
    assert [word for word in hidden if word in page] == []
