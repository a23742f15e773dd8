"""Staff say who the shop is; its pages show it, the other services hear of it."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from obstore.store import LocalStore

from checkout.shop.identity import IdentitySettings
from checkout.shop.registration_number import check_digit
from checkout.shop.samples import add_sample_shop
from harness.as_seen import as_seen
from harness.eventually import eventually
from harness.hearing import said
from harness.keys import Keys
from harness.sample_files import picture
from shared.database.transactions import Database
from shared.events import ShopChanged, ShopSettingsChanged
from shared.files.store import Files
from shared.shop.identity.facts import NAMELESS
from shared.shop.settings.rows import read
from shared.web.parts import add_part
from tests.checkout.shopper import Shopper, shop_app

DESK = "/desk/shop"
BACK = f"{DESK}/take-back"
IDENTITY = {
    "name": "茶舗のれん",
    "seller": "株式会社のれん",
    "responsible": "暖簾 太郎",
    "postal_code": "100-0005",
    "address": "東京都千代田区丸の内1-9-1",
    "phone": "03-1234-5678",
    "mail": "info@noren.example",
    "registration_number": "Ｔ７０００－０１２０－５０００２",
}


@pytest.fixture
def app(shop_db: Database, keys: Keys, tmp_path: Path) -> FastAPI:
    """The shop with a folder for its files."""
    app = shop_app(shop_db, keys)
    add_part(app, Files, Files(LocalStore(tmp_path, mkdir=True)))
    return app


@pytest.fixture
async def owner(app: FastAPI, keys: Keys) -> Shopper:
    """The owner at the desk."""
    owner = Shopper(app, keys)
    owner.sign_in("店長 試験", staff="owner")
    return owner


async def saves(owner: Shopper, **changes: str) -> int:
    """Save the page; return the status of the answer."""
    return (
        await owner.sends(DESK, **await as_seen(owner.browser, DESK, {**IDENTITY, **changes}))
    ).status_code


async def told(db: Database) -> list[ShopChanged]:
    """Return what the other services are told, in order."""
    return [event for event in await said(db) if isinstance(event, ShopChanged)]


@pytest.mark.feature("SHO-01", clause="header | legal page")
async def test_pages_and_the_legal_page_show_a_new_name_in_seconds(
    shop_db: Database, owner: Shopper, app: FastAPI, keys: Keys
) -> None:
    buyer = Shopper(app, keys)
    await buyer.opens("/")
    assert NAMELESS.name in buyer.page.text

    assert await saves(owner) == 303

    async def is_renamed() -> None:
        await buyer.opens("/legal")
        assert '<a class="brand" href="/">' in buyer.page.text
        assert "<span>茶舗のれん</span></a>" in buyer.page.text
        assert "<title>特定商取引法に基づく表記｜茶舗のれん</title>" in buyer.page.text

    await eventually(is_renamed, seconds=5)
    for fact in ("株式会社のれん", "暖簾 太郎", "〒100-0005 東京都千代田区丸の内1-9-1", "03-1234-5678"):
        assert fact in buyer.text
    assert "T7000012050002" in buyer.text
    [event] = await told(shop_db)
    assert (event.name, event.registration_number) == ("茶舗のれん", "T7000012050002")
    assert any(isinstance(one, ShopSettingsChanged) for one in await said(shop_db))


async def test_the_start_page_introduces_the_shop_in_its_own_words(owner: Shopper) -> None:
    await owner.opens("/")
    assert "送料は全国一律" in owner.text
    await saves(owner, heading="茶のある暮らし", introduction="宇治からお届けします。")
    await owner.opens("/")
    assert "<h1>茶のある暮らし</h1>" in owner.page.text
    assert "宇治からお届けします。送料は全国一律" in owner.text
    assert '<meta name="description" content="宇治からお届けします。">' in owner.page.text


async def test_an_identity_is_taken_back_and_told_again(shop_db: Database, owner: Shopper) -> None:
    await saves(owner)
    await saves(owner, name="茶舗あられ")
    async with shop_db.transaction() as tx:
        last = await tx.value("SELECT max(change_id) FROM setting_changes")

    assert (await owner.sends(BACK, change=str(last))).status_code == 303

    events = await told(shop_db)
    assert [event.name for event in events] == ["茶舗のれん", "茶舗あられ", "茶舗のれん"]
    assert sorted(event.revision for event in events) == [event.revision for event in events]


@pytest.mark.parametrize("number", ["T7000012050002", "T9999999999999"])
async def test_a_right_registration_number_is_taken(shop_db: Database, owner: Shopper, number: str) -> None:
    assert await saves(owner, registration_number=number) == 303
    async with shop_db.transaction() as tx:
        assert (await read(tx, IdentitySettings)).registration_number == number


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("T7000012050003", "登録番号の数字が正しくありません"),
        ("T1000012050002", "登録番号の数字が正しくありません"),
        ("7000012050002", "登録番号は「T」と13桁の数字で入力してください"),
        ("T700001205000", "登録番号は「T」と13桁の数字で入力してください"),
    ],
)
async def test_a_wrong_registration_number_is_refused(owner: Shopper, number: str, why: str) -> None:
    assert await saves(owner, registration_number=number) == 422
    assert why in owner.text


def test_the_check_digit_is_that_of_the_tax_agency() -> None:
    assert check_digit("000012050002") == 7


@pytest.mark.parametrize(
    ("field", "value"), [("phone", "1234"), ("postal_code", "123"), ("mail", "info"), ("name", "=?utf-8?b?")]
)
async def test_a_fact_that_is_none_is_refused(owner: Shopper, field: str, value: str) -> None:
    assert await saves(owner, **{field: value}) == 422


async def test_facts_may_be_left_empty(shop_db: Database, owner: Shopper) -> None:
    await saves(owner)
    assert await saves(owner, **dict.fromkeys(IDENTITY, "")) == 303
    assert (await told(shop_db))[-1].name == NAMELESS.name


async def test_only_owners_change_the_identity(shop_db: Database, owner: Shopper) -> None:
    owner.sign_in("店員 試験", staff="staff")
    assert (await owner.sends(DESK, **IDENTITY)).status_code == 403
    sent = await owner.browser.post(
        f"{DESK}/logo/upload", files={"logo": ("a.png", picture("PNG"), "image/png")}
    )
    assert sent.status_code == 403
    assert await told(shop_db) == []


async def test_a_logo_stands_in_the_head_of_every_page(shop_db: Database, owner: Shopper) -> None:
    await saves(owner)
    sent = await owner.browser.post(
        f"{DESK}/logo/upload", files={"logo": ("a.png", picture("PNG"), "image/png")}
    )
    assert sent.status_code == 303

    [_, event] = await told(shop_db)
    logo = await owner.browser.get(event.logo_path)
    assert (logo.status_code, logo.headers["content-type"]) == (200, "image/png")
    assert logo.content.startswith(b"\x89PNG")
    await eventually(lambda: shows(owner, f'<img class="shop-logo" src="{event.logo_path}"'), seconds=5)
    assert await saves(owner, name="茶舗あられ") == 303
    assert (await told(shop_db))[-1].logo_path == event.logo_path


async def shows(owner: Shopper, html: str) -> None:
    """Check that the start page has this."""
    await owner.opens("/")
    assert html in owner.page.text


async def test_a_file_that_is_no_picture_is_refused_at_its_place(shop_db: Database, owner: Shopper) -> None:
    sent = await owner.browser.post(f"{DESK}/logo/upload", files={"logo": ("a.png", b"x", "image/png")})
    await owner.opens(sent.headers["location"])
    assert "ロゴに使えないファイルです" in owner.text
    assert await told(shop_db) == []


async def test_a_logo_of_another_kind_is_not_found(owner: Shopper) -> None:
    for path in ("logo_gif/0190f5fe-7c00-7a00-8000-000000000001", "logo_png/x", "x/y"):
        assert (await owner.browser.get(f"/shop/logo/{path}")).status_code in (404, 422)


async def test_the_demo_gets_an_identity_once(shop_db: Database, owner: Shopper) -> None:
    for _ in range(2):
        async with shop_db.transaction() as tx:
            await add_sample_shop(tx, fallback=NAMELESS)
    [event] = await told(shop_db)
    assert event.name == "のれん商店"

    await saves(owner)
    async with shop_db.transaction() as tx:
        await add_sample_shop(tx, fallback=NAMELESS)
        assert (await read(tx, IdentitySettings)).name == "茶舗のれん"
