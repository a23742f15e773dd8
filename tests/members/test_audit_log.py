"""操作の記録 of all desks: found by order code, with values and places, as a file, and only added to (STF-03)."""

import pytest

from shared.clock import now
from shared.events import OrderDeedDone
from shared.ids import new_id
from tests.members.members_service import MembersService, at_desk

DEEDS = "/desk/members/deeds"


def a_deed(code: str = "N1-AB2C", subject: str = "処理済みにしました") -> OrderDeedDone:
    return OrderDeedDone(
        by_id=new_id(),
        by="山田 店長",
        ip="192.0.2.77",
        device="Windows Chrome",
        subject=subject,
        order_code=code,
        before="処理中・未入金・発送済み",
        after="処理済み・未入金・発送済み",
    )


@pytest.mark.feature("STF-03", clause="members: one line for each deed")
async def test_a_deed_of_another_desk_is_found_by_its_order_code(members: MembersService) -> None:
    await members.hears(a_deed(), times=2)
    await members.hears(a_deed("N2-XY9Z", "注文をキャンセルしました"))
    async with members.browser() as desk:
        await at_desk(members, desk)
        page = (await desk.get(f"{DEEDS}?q=n1-ab2c")).text
    for shown in (
        "山田 店長",
        "受注の操作",
        "処理済みにしました",
        "処理中・未入金・発送済み",
        "処理済み・未入金・発送済み",
        "192.0.2.77",
        "Windows Chrome",
        'href="/desk/orders/N1-AB2C"',
    ):
        assert shown in page
    assert "注文をキャンセルしました" not in page
    assert page.count("<tbody") == 1
    assert page.count("処理済みにしました") == 1


async def test_the_found_deeds_are_saved_as_a_file_and_that_is_a_deed(members: MembersService) -> None:
    await members.hears(a_deed())
    await members.hears(a_deed("N2-XY9Z"))
    async with members.browser() as desk:
        await at_desk(members, desk)
        answer = await desk.get(f"{DEEDS}/export.csv?q=N1-AB2C")
        page = (await desk.get(DEEDS)).text
    head, line, *rest = answer.content.decode("utf-8-sig").splitlines()
    assert [word in head for word in ("注文番号", "変更前", "変更後", "IPアドレス", "端末")] == [True] * 5
    assert "N1-AB2C" in line
    assert rest == []
    assert "操作の記録の出力" in page
    assert "1件（条件：q=N1-AB2C）" in page


@pytest.mark.parametrize("role", ["manager", "read_only"])
async def test_only_owners_read_the_log(members: MembersService, role: str) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk, role=role)
        assert (await desk.get(DEEDS)).status_code == 403
        assert (await desk.get(f"{DEEDS}/export.csv")).status_code == 403


async def test_a_change_of_the_rules_is_on_record_with_both_values(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        await members.rule(registration_points=500)
        rows = await members.rows("SELECT 1 FROM staff_deeds WHERE deed = 'rules_changed'")
        assert rows == []
        saved = await desk.post(
            "/desk/members/searches", data={"name": "連携済み", "query": "amazon=linked", "for_all": "true"}
        )
        assert saved.status_code == 303
    [noted] = await members.rows(
        "SELECT subject, after, device FROM staff_deeds WHERE deed = 'searches_changed' AND done_at <= :at",
        at=now(),
    )
    assert (noted.subject, noted.after, noted.device) == (
        "保存した検索「連携済み」の保存",
        "連携済み",
        "iPhone Safari",
    )


async def test_a_period_that_ends_before_it_begins_is_told_at_its_end(members: MembersService) -> None:
    async with members.browser() as desk:
        await at_desk(members, desk)
        answer = await desk.get(f"{DEEDS}?from=2026-12-05&until=2026-12-01")
    assert answer.status_code == 422
    assert "操作した日(まで)は操作した日(から)以降にしてください" in answer.text
