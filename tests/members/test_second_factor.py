"""A second factor at the desk: set up, asked for at each login, recovered with codes that work once (STF-02)."""

import re
from datetime import UTC, datetime

import httpx
import pyotp
import pytest

from members.staff.reset_second_factor import reset_second_factor
from shared.errors import Refused
from tests.members.members_service import PASSWORD, MembersService, at_desk

LOGIN = {"email": "desk@noren.example", "password": PASSWORD}
CODE, SET_UP = "/members/staff/code", "/members/staff/set-up"
MINE = "/desk/members/me/second-factor"


async def next_code(members: MembersService) -> str:
    """Return a code that the person's app shows now, or next if the present one was used."""
    [row] = await members.rows("SELECT secret, step FROM staff_second_factors")
    app = pyotp.TOTP(row.secret)
    now_step = int(datetime.now(UTC).timestamp()) // 30
    return app.generate_otp(max(now_step, row.step + 1))


async def set_up(members: MembersService, desk: httpx.AsyncClient) -> list[str]:
    """Set the factor up at the desk and return the recovery codes."""
    await desk.get(MINE)
    answer = await desk.post(MINE, data={"code": await next_code(members), "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return re.findall(r'<li class="code">([0-9a-f-]+)</li>', answer.text)


async def forget_pace(members: MembersService) -> None:
    async with members.db.transaction() as tx:
        await tx.execute("DELETE FROM paced_deeds")
        await tx.execute("UPDATE staff_second_factors SET step = 0")


@pytest.mark.feature("STF-02", clause="password alone refused")
async def test_the_password_alone_no_longer_opens_the_desk(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        assert len(await set_up(members, desk)) == 10
        await forget_pace(members)
        answer = await other.post("/desk/login", data=LOGIN)
        assert answer.headers["location"] == f"{CODE}?next=/desk"
        assert (await other.get("/desk/members/me")).status_code == 303
        assert (await other.get(f"{CODE}?next=/desk")).status_code == 200
        wrong = await other.post(f"{CODE}?next=/desk", data={"code": "000000"})
        assert (wrong.status_code, "コードが違います" in wrong.text) == (422, True)
        entered = await other.post(f"{CODE}?next=/desk", data={"code": await next_code(members)})
        assert entered.headers["location"] == "/desk"
        page = (await other.get("/desk/members/me")).text
    assert "2段階認証の失敗" in page
    assert members.session_claims(other)["staff"] == "owner"


@pytest.mark.feature("STF-02", clause="recovery code works once")
async def test_a_recovery_code_works_once(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        code = (await set_up(members, desk))[0]
        await forget_pace(members)
    for status in (303, 422):
        async with members.browser() as other:
            await other.post("/desk/login", data=LOGIN)
            assert (await other.post(CODE, data={"code": f" {code.upper()} "})).status_code == status
    used = await members.rows("SELECT 1 FROM staff_deeds WHERE deed = 'recovery_code_used'")
    assert len(used) == 1
    stored = await members.rows("SELECT code_hash FROM staff_recovery_codes")
    assert code not in {row.code_hash for row in stored}


async def test_a_code_of_the_app_is_accepted_once(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await set_up(members, desk)
        await forget_pace(members)
        code = await next_code(members)
    statuses = []
    for _ in range(2):
        async with members.browser() as other:
            await other.post("/desk/login", data=LOGIN)
            statuses.append((await other.post(CODE, data={"code": code})).status_code)
    assert statuses == [303, 422]


async def test_codes_cannot_be_guessed(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        await set_up(members, desk)
        await forget_pace(members)
        await other.post("/desk/login", data=LOGIN)
        statuses = [(await other.post(CODE, data={"code": "000000"})).status_code for _ in range(6)]
        right = await other.post(CODE, data={"code": await next_code(members)})
    assert statuses == [422] * 5 + [429]
    assert right.status_code == 429


_FULL_WIDTH = str.maketrans("0123456789abcdef-", "０１２３４５６７８９ａｂｃｄｅｆー")


@pytest.mark.parametrize("kind", ["app", "recovery"])
async def test_a_code_is_read_as_a_japanese_keyboard_types_it(members: MembersService, kind: str) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        recovery = (await set_up(members, desk))[0]
        await forget_pace(members)
        code = await next_code(members) if kind == "app" else recovery
        await other.post("/desk/login", data=LOGIN)
        typed = f"{code[:3]}　{code[3:]}".translate(_FULL_WIDTH)
        assert (await other.post(CODE, data={"code": typed})).status_code == 303


async def test_an_unreadable_code_is_refused_and_costs_no_attempt(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        await desk.get(MINE)
        first = await desk.post(MINE, data={"code": "あいうえおか", "password": PASSWORD})
        await set_up(members, desk)
        await forget_pace(members)
        await other.post("/desk/login", data=LOGIN)
        told = [
            await other.post(CODE, data={"code": code})
            for code in ("①②③④⑤", "１２３４５", "確認コード番号", "1234567", "é" * 6, "٣" * 6)
        ]
        right = await other.post(CODE, data={"code": await next_code(members)})
    assert {one.status_code for one in (first, *told)} == {422}
    assert "6桁の確認コードか回復コードを入力してください" in told[2].text
    assert right.status_code == 303


async def secret(members: MembersService) -> str:
    rows = await members.rows("SELECT secret FROM staff_second_factors")
    return rows[0].secret if rows else ""


async def test_each_set_up_has_a_new_secret_until_its_code_is_right(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await desk.get(MINE)
        first = await secret(members)
        await desk.get(MINE)
        second = await secret(members)
        assert first != second
        await desk.post(MINE, data={"code": "000000", "password": PASSWORD})
        assert await secret(members) == second
        answer = await desk.post(MINE, data={"code": await next_code(members), "password": PASSWORD})
        assert answer.status_code == 200
        await desk.get(MINE)
        assert await secret(members) == second


async def test_the_secret_of_a_live_shops_set_up_is_new_each_time(live_members: MembersService) -> None:
    await live_members.staff()
    secrets = set()
    async with live_members.browser() as desk:
        await desk.post("/desk/login", data=LOGIN)
        for _ in range(2):
            await desk.get(SET_UP)
            secrets.add(await secret(live_members))
        await desk.post(SET_UP, data={"code": "000000"})
        secrets.add(await secret(live_members))
    assert len(secrets) == 2


@pytest.mark.parametrize("ended", ["password", "logins"])
async def test_the_waiting_secret_ends_with_password_and_logins(members: MembersService, ended: str) -> None:
    new = "tsugi-no-tobira-8"
    async with members.browser() as desk:
        await at_desk(members, desk)
        await desk.get(MINE)
        if ended == "password":
            form = {"password": PASSWORD, "new_password": new, "repeated": new}
            assert (await desk.post("/members/password", data=form)).status_code == 303
        else:
            [row] = await members.rows("SELECT member_id FROM staff")
            await desk.post(f"/desk/members/staff/{row.member_id}/end-sessions")
    assert await secret(members) == ""


@pytest.mark.parametrize("password", [None, "", "falsch-geraten-1"])
async def test_an_open_login_alone_sets_up_no_factor(members: MembersService, password: str | None) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        assert "現在のパスワード" in (await desk.get(MINE)).text
        form = {"code": await next_code(members)} | ({} if password is None else {"password": password})
        answer = await desk.post(MINE, data=form)
        assert answer.status_code == 422
        assert "2段階認証を設定する" in answer.text
    assert await members.rows("SELECT 1 FROM staff_second_factors WHERE confirmed_at IS NOT NULL") == []


async def test_the_second_step_without_the_first_leads_to_the_login(members: MembersService) -> None:
    async with members.browser() as browser:
        for path in (CODE, SET_UP):
            for answer in (await browser.get(path), await browser.post(path, data={"code": "000000"})):
                assert answer.headers["location"].startswith("/desk/login")


async def test_a_first_step_ends_with_all_logins(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        await set_up(members, desk)
        await forget_pace(members)
        await other.post("/desk/login", data=LOGIN)
        async with members.db.transaction() as tx:
            await tx.execute("UPDATE members SET sessions_ended_at = now()")
        answer = await other.post(CODE, data={"code": await next_code(members)})
    assert answer.headers["location"].startswith("/desk/login")


async def test_new_recovery_codes_end_the_former_ones(members: MembersService) -> None:
    async with members.browser() as desk, members.browser() as other:
        await at_desk(members, desk)
        old = await set_up(members, desk)
        await forget_pace(members)
        answer = await desk.post(f"{MINE}/codes", data={"code": old[0]})
        new = re.findall(r'<li class="code">([0-9a-f-]+)</li>', answer.text)
        assert set(new).isdisjoint(old)
        await other.post("/desk/login", data=LOGIN)
        assert (await other.post(CODE, data={"code": old[1]})).status_code == 422
        assert (await other.post(CODE, data={"code": new[0]})).status_code == 303


async def test_a_factor_is_removed_with_a_code_or_by_those_who_may(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        codes = await set_up(members, desk)
        await forget_pace(members)
        assert (await desk.post(f"{MINE}/remove", data={"code": "000000"})).status_code == 422
        assert (await desk.post(f"{MINE}/remove", data={"code": codes[0]})).status_code == 303
        await set_up(members, desk)
        [row] = await members.rows("SELECT member_id FROM staff")
        path = f"/desk/members/staff/{row.member_id}"
        assert (await desk.post(f"{path}/second-factor/remove")).status_code == 409
        assert f"{path}/second-factor/remove" not in (await desk.get(path)).text
        await members.staff("second@example.jp")
        async with members.browser() as other:
            await other.post("/desk/login", data=LOGIN | {"email": "second@example.jp"})
            assert f"{path}/second-factor/remove" in (await other.get(path)).text
            assert (await other.post(f"{path}/second-factor/remove")).status_code == 303
        await desk.post("/desk/login", data=LOGIN)
        await forget_pace(members)
        await set_up(members, desk)
    await reset_second_factor(members.db, email=LOGIN["email"])
    with pytest.raises(Refused, match="no_second_factor"):
        await reset_second_factor(members.db, email=LOGIN["email"])
    async with members.browser() as other:
        assert (await other.post("/desk/login", data=LOGIN)).headers["location"] == "/desk"


async def test_an_owner_of_a_live_shop_must_set_the_factor_up_first(
    live_members: MembersService,
) -> None:
    await live_members.staff()
    async with live_members.browser() as desk:
        answer = await desk.post("/desk/login", data=LOGIN)
        assert answer.headers["location"] == f"{SET_UP}?next=/desk"
        assert (await desk.get("/desk/members/me")).status_code == 303
        page = await desk.get(f"{SET_UP}?next=/desk")
        assert "<svg" in page.text
        assert page.headers["cache-control"] == "no-store"
        wrong = await desk.post(f"{SET_UP}?next=/desk", data={"code": "000000"})
        assert wrong.status_code == 422
        codes = await desk.post(f"{SET_UP}?next=/desk", data={"code": await next_code(live_members)})
        assert codes.text.count('<li class="code">') == 10
        assert live_members.session_claims(desk)["staff"] == "owner"
        await forget_pace(live_members)
        refused = await desk.post(f"{MINE}/remove", data={"code": await next_code(live_members)})
        assert (refused.status_code, "責任者は2段階認証を解除できません" in refused.text) == (409, True)


async def test_others_of_a_live_shop_may_go_without_a_factor(live_members: MembersService) -> None:
    async with live_members.browser() as desk:
        await at_desk(live_members, desk, role="manager")
        assert live_members.session_claims(desk)["staff"] == "manager"
