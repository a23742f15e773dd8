"""The desk of members: staff login, search, export, rules, and activating points by hand."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from harness.as_seen import as_seen
from harness.csv_rows import read_rows
from harness.keys import Keys
from members.main import install
from members.settings import Settings
from shared import clock
from shared.events import PointsActivated, Registration
from shared.ids import new_id
from tests.members.member_examples import an_authorization, an_order
from tests.members.members_service import ORIGIN, PASSWORD, MembersService, at_desk


async def exported(browser: httpx.AsyncClient, query: str = "") -> list[dict[str, str]]:
    """Return the rows of the export."""
    answer = await browser.get(f"/desk/members/export.csv{query}")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert answer.headers["content-disposition"].startswith('attachment; filename="members_')
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


async def test_only_the_desks_own_login_gives_the_rights_of_a_role(members: MembersService) -> None:
    await members.staff()
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser, "desk@noren.example")
        assert members.session_claims(browser)["staff"] is None
        assert (await browser.get("/desk/members")).status_code == 403

        shopper = await browser.post("/desk/login", data={"email": "aya@example.jp", "password": PASSWORD})
        assert shopper.status_code == 422
        assert "メールアドレスまたはパスワードが違います" in shopper.text

        await browser.post("/desk/login", data={"email": "desk@noren.example", "password": PASSWORD})
        assert members.session_claims(browser)["staff"] == "owner"
        assert (await browser.get("/desk/members")).status_code == 200
        clock.clock.move(timedelta(hours=13))
        assert (await browser.get("/desk/members")).headers["location"].startswith("/desk/login")


async def test_the_desk_is_closed_to_everybody_else(members: MembersService) -> None:
    aya = await members.register()
    paths = ["/desk/members", "/desk/members/export.csv", "/desk/members/rules", f"/desk/members/{aya}"]
    async with members.browser() as stranger, members.browser() as shopper:
        await members.log_in(shopper)
        for path in paths:
            assert (await stranger.get(path)).status_code == 303
            assert (await shopper.get(path)).status_code == 403
        assert (await shopper.post("/desk/members/rules", data={})).status_code == 403


@pytest.mark.feature("AP-04", clause="found in member search")
@pytest.mark.feature("MEM-12")
async def test_members_are_found_by_name_address_and_amazon_link(members: MembersService) -> None:
    await members.register(
        "aya@example.jp", name="綾瀬 あや", buyer_id="amzn1.account.AYA", kana="アヤセ アヤ"
    )
    await members.register("ben@example.jp", name="弁天 べん", kana="ベンテン ベン", phone="0312345678")
    async with members.browser() as browser:
        await at_desk(members, browser)

        async def found(**query: str) -> set[str]:
            page = (await browser.get("/desk/members", params=query)).text
            return {name for name in ("綾瀬 あや", "弁天 べん") if name in page}

        assert await found() == {"綾瀬 あや", "弁天 べん"}
        assert await found(amazon="linked") == {"綾瀬 あや"}
        assert await found(q="BEN@") == {"弁天 べん"}
        assert await found(q="03-1234") == {"弁天 べん"}
        assert await found(q="綾瀬") == {"綾瀬 あや"}
        for words in ("綾瀬あや", "綾瀬　あや", "アヤセ", "ｱﾔｾ", "あや"):
            assert await found(q=words) == {"綾瀬 あや"}, words
        for words in ("0312345678", "０３－１２３４－５６７８", "5678"):
            assert await found(q=words) == {"弁天 べん"}, words
        assert await found(q="%") == set()
        assert await found(q="' OR 1=1 --") == set()
        assert await found(sort="evil; DROP TABLE members") == {"綾瀬 あや", "弁天 べん"}


async def test_markup_in_a_name_is_shown_as_text(members: MembersService) -> None:
    aya = await members.register(name="<script>alert(1)</script>")
    async with members.browser() as browser:
        await at_desk(members, browser)
        for path in ("/desk/members", f"/desk/members/{aya}"):
            page = await browser.get(path)
            assert "<script>alert(1)" not in page.text
            assert "&lt;script&gt;alert(1)" in page.text


@pytest.mark.feature("MEM-13", "MEM-14")
async def test_the_export_tells_who_registered_with_amazon(members: MembersService) -> None:
    await members.hears(
        an_order(
            "N-1",
            registration=Registration(
                member_id=new_id(),
                wallet_kind="amazon_pay",
                wallet_buyer_id="amzn1.account.AYA",
                email_proved=True,
            ),
            email="aya@example.jp",
        )
    )
    ben = await members.register("ben@example.jp")
    clock.clock.move(timedelta(hours=1))
    order = an_order("N-2", member_id=ben, amazon_buyer_id="amzn1.account.BEN")
    await members.hears(order, an_authorization("N-2"))
    await members.register("cho@example.jp")
    async with members.browser() as browser:
        await at_desk(members, browser)
        rows = {row["メールアドレス1"]: row for row in await exported(browser)}
        linked = await exported(browser, "?amazon=linked")

    assert rows["aya@example.jp"]["登録日時"] == rows["aya@example.jp"]["AmazonID連携日時"] != ""
    assert "" != rows["ben@example.jp"]["AmazonID連携日時"] != rows["ben@example.jp"]["登録日時"]
    assert rows["cho@example.jp"]["AmazonID連携日時"] == ""
    assert {row["メールアドレス1"] for row in linked} == {"aya@example.jp", "ben@example.jp"}
    assert rows["aya@example.jp"]["住所2"] == "暖簾ビル 401"


async def test_the_export_disarms_formulas_and_reads_back_unchanged(members: MembersService) -> None:
    await members.register("-abc@docomo.ne.jp", name="=HYPERLINK(1)")
    async with members.browser() as browser:
        await at_desk(members, browser)
        [seen] = [row for row in await exported(browser) if row["氏名"].endswith("HYPERLINK(1)")]
        file = (await browser.get("/desk/members/export.csv")).text
    [read] = [row for row in read_rows(file) if row[3] == "-abc@docomo.ne.jp"]

    assert (seen["氏名"], seen["メールアドレス1"]) == ("'=HYPERLINK(1)", "-abc@docomo.ne.jp")
    assert read[1] == "=HYPERLINK(1)"


async def test_rules_are_changed_by_the_owner_and_every_change_is_kept(members: MembersService) -> None:
    form = {
        "points_enabled": "true",
        "purchase_percent": "２.5",
        "purchase_activation": "on_processed",
        "registration_points": "300",
        "registration_activation": "manual",
        "valid_days": "",
    }
    async with members.browser() as browser:
        await at_desk(members, browser)
        assert (await browser.post("/desk/members/rules", data=form)).status_code == 409
        seen = await as_seen(browser, "/desk/members/rules", form)
        assert (await browser.post("/desk/members/rules", data=seen)).status_code == 303

        rules = await members.rules()
        assert (str(rules.purchase_percent), rules.purchase_activation) == ("2.5", "on_processed")
        assert (rules.registration_points, rules.amazon_login, rules.valid_days) == (300, False, None)
        page = (await browser.get("/desk/members/rules")).text
        assert "購入 2.5％（処理済み時に有効）" in page
        assert "店長" in page

        plain = await as_seen(browser, "/desk/members/rules", {**form, "purchase_percent": "1e1"})
        assert (await browser.post("/desk/members/rules", data=plain)).status_code == 303
        assert str((await members.rules()).purchase_percent) == "10"
        assert 'value="10"' in (await browser.get("/desk/members/rules")).text
        wrong = await browser.post("/desk/members/rules", data={**form, "purchase_percent": "101"})
        assert wrong.status_code == 422
    changes = await members.rows("SELECT DISTINCT by FROM setting_changes")
    assert [row.by for row in changes] == ["店長"]


async def test_staff_without_the_owners_role_only_look_at_the_rules(members: MembersService) -> None:
    async with members.browser() as browser:
        await at_desk(members, browser, role="staff")

        assert (await browser.get("/desk/members/rules")).status_code == 200
        assert (await browser.post("/desk/members/rules", data={})).status_code == 403


async def test_older_rules_do_not_win_over_what_another_person_saved(members: MembersService) -> None:
    form = {"purchase_percent": "2", "purchase_activation": "on_shipped", "registration_points": "300"}
    form |= {"registration_activation": "manual", "points_enabled": "true", "valid_days": ""}
    async with members.browser() as browser:
        await at_desk(members, browser)
        page = (await browser.get("/desk/members/rules")).text
        form["version"] = re.findall(r'name="version" value="(\w+)"', page)[0]
        assert (await browser.post("/desk/members/rules", data=form)).status_code == 303

        late = await browser.post("/desk/members/rules", data={**form, "purchase_percent": "9"})

    assert late.status_code == 409
    assert "ほかのスタッフが設定を変更したため、保存していません。" in late.text
    assert str((await members.rules()).purchase_percent) == "2"


async def test_staff_make_waiting_points_valid_once_under_their_name(
    members: MembersService,
) -> None:
    await members.rule(purchase_activation="manual")
    aya = await members.register()
    await members.hears(an_order(member_id=aya))
    [grant] = await members.rows("SELECT grant_id FROM point_grants WHERE reason = 'purchase'")
    path = f"/desk/members/{aya}/grants/{grant.grant_id}/activate"
    async with members.browser() as browser:
        await at_desk(members, browser)
        page = (await browser.get(f"/desk/members/{aya}")).text
        assert path in page
        assert "店舗の確認後に有効になります" in page

        assert (await browser.post(path)).status_code == 303
        assert (await browser.post(path)).status_code == 409
        assert path not in (await browser.get(f"/desk/members/{aya}")).text

    balance = await members.balance(aya)
    assert (balance.active, balance.waiting) == (550, 0)
    assert len(await members.said(PointsActivated)) == 1
    [line] = await members.rows("SELECT by FROM point_postings WHERE kind = 'activated'")
    assert line.by == "店長"


async def test_a_member_who_does_not_exist_is_a_missing_page(members: MembersService) -> None:
    async with members.browser() as browser:
        await at_desk(members, browser)

        assert (await browser.get(f"/desk/members/{new_id()}")).status_code == 404
        assert (await browser.get("/desk/members/not-an-id")).status_code == 404


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sandbox": True}, True),
        ({"sandbox": True, "staff_demo_password": SecretStr("a-password-of-ours")}, False),
        ({"sandbox": False}, False),
    ],
)
async def test_the_login_shows_the_demo_password_only_where_it_may(
    members: MembersService, keys: Keys, settings: dict[str, Any], told: bool
) -> None:
    app = FastAPI()
    environment = Settings(
        database_url=SecretStr("postgresql+asyncpg://unused"),
        amqp_url=SecretStr("amqp://unused"),
        origin_url=ORIGIN,
        **settings,
    )
    install(app, environment, members.db, members.hasher, keys.issuers["members"], keys.verifier)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as browser:
        page = (await browser.get("/desk/login")).text

    assert ("noren-demo-2026" in page) is told
    assert "a-password-of-ours" not in page
