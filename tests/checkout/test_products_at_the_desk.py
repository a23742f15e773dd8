"""商品: staff make and change products at the desk, and the shop sells them as they say."""

import asyncio
import io
import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from obstore.store import LocalStore
from PIL import Image

from checkout.catalogue.keep_pictures import named_pictures
from checkout.catalogue.sweep_pictures import DueSweep, SweepPictures, ask_to_sweep
from checkout.catalogue.tables import picture_sweeps
from harness.keys import Keys
from shared.clock import clock, in_japan, now
from shared.database.transactions import Database
from shared.due.rows import claim_due
from shared.files.store import Files, chunks
from shared.web.parts import add_part
from tests.checkout.goods import put_on_shelf, set_initial_stock
from tests.checkout.shopper import KONBINI, ORDERER, Shopper, open_shop, shop_app

PAGE = "/desk/products"


@pytest.fixture
async def owner(shop_db: Database, keys: Keys, tmp_path: Path) -> AsyncIterator[Shopper]:
    """A browser of the owner, in a shop that keeps files."""
    app = shop_app(shop_db, keys)
    add_part(app, Files, Files(LocalStore(tmp_path)))
    browser = Shopper(app, keys)
    browser.sign_in("店長 試験", staff="owner")
    yield browser
    await browser.browser.aclose()


def listing(**changes: Any) -> dict[str, str]:
    """Return the form of a cloth in two colours."""
    return {
        "name": "注染手ぬぐい",
        "reading": "ちゅうせんてぬぐい",
        "categories": "布もの、贈りもの",
        "facts": "素材：綿100％\n大きさ:34×90cm",
        "tax_class": "standard",
        "temperature": "ambient",
        "kind": "normal",
        "axis_1": "色",
        "p0-sku": "tenugui-ai",
        "p0-value_1": "藍",
        "p0-unit_price": "１,３２０",
        "p1-sku": "tenugui-beni",
        "p1-value_1": "紅",
        "p1-unit_price": "1540",
        "p1-weight_grams": "60",
        "p2-sku": "",
        **changes,
    }


async def make(owner: Shopper, **changes: Any) -> str:
    """Make a listing and show it in the shop. Return the address of its page at the desk."""
    answer = await owner.sends(f"{PAGE}/new", **listing(**changes))
    assert answer.status_code == 303, owner.text
    path = answer.headers["location"]
    await owner.opens(path)
    assert (await owner.sends(f"{path}/show", version=owner.field("version"))).status_code == 303
    return str(path)


def picture(kind: str = "JPEG", size: tuple[int, int] = (800, 400), **saved: Any) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "navy").save(content, kind, **saved)
    return content.getvalue()


async def upload(owner: Shopper, path: str, *files: tuple[str, bytes, str]) -> httpx.Response:
    return await owner.browser.post(f"{path}/pictures/upload", files=[("pictures", one) for one in files])


async def deeds(db: Database) -> list[str]:
    rows = await db.look("SELECT body FROM outbox WHERE type = 'catalogue_changed.v1' ORDER BY event_id")
    return [str(row.body) for row in rows]


@pytest.mark.feature("CAT-01", clause="bought in the shop a minute later")
async def test_a_product_made_at_the_desk_is_bought_in_the_shop(
    shop_db: Database, keys: Keys, owner: Shopper
) -> None:
    await open_shop(shop_db)
    path = await make(owner)
    answer = await upload(owner, path, ("a.jpg", picture(), "image/jpeg"))
    assert answer.status_code == 303
    key = re.search(r'name="key" value="([^"]+)"', (await owner.opens("/desk/stock/tenugui-beni")).text)
    assert key is not None
    await owner.sends("/desk/stock/tenugui-beni", pieces="5", cause="仕入", key=key[1])

    buyer = Shopper(shop_app(shop_db, keys), keys)
    await buyer.opens("/")
    assert "注染手ぬぐい" in buyer.text
    await buyer.opens("/items/tenugui-ai")
    assert "藍" in buyer.text
    assert "¥1,320 〜 ¥1,540" in buyer.text
    await buyer.fills_cart("tenugui-beni", 2)
    await buyer.goes_to_confirmation()
    assert "注染手ぬぐい（紅）" in buyer.text
    sent = await buyer.sends("/order/confirm", **buyer.confirmation)
    await buyer.opens(sent.headers["location"])
    assert "注染手ぬぐい（紅）" in buyer.text
    row = (await shop_db.look("SELECT available, reserved FROM stock WHERE sku = 'tenugui-beni'"))[0]
    assert (row.available, row.reserved) == (3, 2)


@pytest.mark.feature("CAT-01", clause="variant in order and CSV")
async def test_order_event_and_file_name_the_variant(shop_db: Database, keys: Keys, owner: Shopper) -> None:
    await open_shop(shop_db)
    await make(owner)
    async with shop_db.transaction() as tx:
        await set_initial_stock(tx, "tenugui-ai", 3)
    buyer = Shopper(shop_app(shop_db, keys), keys)
    await buyer.fills_cart("tenugui-ai")
    await buyer.goes_to_confirmation()
    await buyer.sends("/order/confirm", **buyer.confirmation)

    placed = (await shop_db.look("SELECT body FROM outbox WHERE type = 'order_placed.v1'"))[0].body
    file = (await owner.opens("/desk/orders/export.csv?tab=all")).content.decode("utf-8-sig")

    assert "注染手ぬぐい（藍）" in str(placed), "mails are written from the event"
    assert "注染手ぬぐい（藍）×1" in file


async def test_a_new_product_is_hidden_until_staff_show_it(shop_db: Database, owner: Shopper) -> None:
    await owner.sends(f"{PAGE}/new", **listing())
    assert (await owner.opens("/items/tenugui-ai")).status_code == 404
    assert "注染手ぬぐい" not in (await owner.opens("/")).text.partition("<main")[2]


async def test_a_hidden_product_leaves_the_shop_and_the_cart(
    shop_db: Database, keys: Keys, owner: Shopper
) -> None:
    await open_shop(shop_db)
    path = await make(owner)
    async with shop_db.transaction() as tx:
        await set_initial_stock(tx, "tenugui-ai", 3)
    buyer = Shopper(shop_app(shop_db, keys), keys)
    await buyer.fills_cart("tenugui-ai")
    await owner.opens(path)

    await owner.sends(f"{path}/hide", version=owner.field("version"))

    await buyer.opens("/cart")
    assert "現在販売していない商品です。カートから削除してください。" in buyer.text
    assert "売り切れ" not in buyer.text
    assert "ご注文いただけない商品があります。数量を変更するか、削除してください。" in buyer.text
    assert "/items/tenugui-ai" not in buyer.page.text, "that page is gone"
    assert (await buyer.opens("/items/tenugui-ai")).status_code == 404


async def test_a_change_is_told_with_before_and_after(shop_db: Database, owner: Shopper) -> None:
    path = await make(owner)
    await owner.opens(path)
    changed = listing(version=owner.field("version"), **{"p0-unit_price": "1400"})
    assert (await owner.sends(path, **changed)).status_code == 303

    assert any("tenugui-ai：¥1,320 藍 → ¥1,400 藍" in one for one in await deeds(shop_db))
    again = {**changed, "version": str(int(changed["version"]) + 1)}
    before = len(await deeds(shop_db))
    assert (await owner.sends(path, **again)).status_code == 303
    assert len(await deeds(shop_db)) == before, "nothing differed"


async def test_a_save_over_the_save_of_another_is_refused(shop_db: Database, owner: Shopper) -> None:
    path = await make(owner)
    answer = await owner.sends(path, **listing(version="1", name="別の名前"))
    assert answer.status_code == 409
    assert "ほかのスタッフが商品を変更した" in owner.text
    assert "別の名前" in answer.text, "what was typed stays"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "商品名を入力してください"),
        ({"p0-sku": "手ぬぐい"}, "商品コードは半角の英数字と . _ - で入力してください"),
        ({"p0-sku": "", "p1-sku": ""}, "商品コードを入力してください"),
        ({"p0-unit_price": "0"}, "税込価格は1"),
        ({"p1-sku": "tenugui-ai"}, "商品コード tenugui-ai が2回入力されています"),
        ({"p1-value_1": "藍"}, "同じ組み合わせのバリエーションがあります"),
        ({"p1-value_1": ""}, "色を入力してください"),
        ({"axis_1": "", "p0-value_1": "", "p1-value_1": ""}, "違いの項目（色など）を入力してください"),
        ({"p0-value_2": "大"}, "「大」が何の違いかを、項目2に入力してください"),
        ({"p0-sku": "cup"}, "商品コード cup は、ほかの商品で使われています"),
        ({"facts": "綿100％"}, "仕様は1行に1つ"),
        ({"kind": "preorder"}, "予約販売では、発送開始日を入力してください"),
        ({"sale_from": "2026-12-10", "sale_until": "2026-12-09"}, "販売終了日は販売開始日以降にしてください"),
        ({"kind": "subscription"}, "販売の種類"),
    ],
)
async def test_what_does_not_fit_is_told_at_its_field(
    shop_db: Database, owner: Shopper, changes: dict[str, str], words: str
) -> None:
    await open_shop(shop_db)
    answer = await owner.sends(f"{PAGE}/new", **listing(**changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert not await shop_db.look("SELECT 1 FROM listings WHERE name = '注染手ぬぐい'")


async def test_more_rows_keep_what_was_typed(shop_db: Database, owner: Shopper) -> None:
    answer = await owner.sends(f"{PAGE}/new", **listing(), more_rows="1")
    assert answer.status_code == 200
    assert 'value="tenugui-beni"' in answer.text
    assert 'name="p7-sku"' in answer.text


async def test_a_copy_is_hidden_and_has_new_codes(shop_db: Database, owner: Shopper) -> None:
    path = await make(owner)
    await upload(owner, path, ("a.png", picture("PNG"), "image/png"))
    answer = await owner.sends(f"{path}/copy", sku="tenugui2")
    assert answer.status_code == 303
    await owner.opens(answer.headers["location"])
    assert "注染手ぬぐい（コピー）" in owner.text
    assert "非公開" in owner.text
    skus = await shop_db.look("SELECT sku FROM products WHERE sku LIKE 'tenugui2%' ORDER BY sku")
    assert [row.sku for row in skus] == ["tenugui2", "tenugui2-2"]
    assert "/shop/goods/goods_png/" in owner.page.text
    again = await owner.sends(f"{path}/copy", sku="tenugui2")
    assert again.status_code == 422
    assert "商品コード tenugui2 は、ほかの商品で使われています" in again.text


async def test_pictures_are_upright_small_and_without_metadata(shop_db: Database, owner: Shopper) -> None:
    path = await make(owner)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x010F] = "camera"
    await upload(owner, path, ("a.jpg", picture(size=(3000, 1500), exif=exif), "image/jpeg"))

    await owner.opens("/items/tenugui-ai")
    found = re.search(r'src="(/shop/goods/[^"]+)"', owner.page.text)
    assert found is not None
    kept = Image.open(io.BytesIO((await owner.browser.get(found[1])).content))
    assert kept.size == (800, 1600)
    assert not kept.getexif()


def bomb() -> bytes:
    """Return a PNG of 400 megapixels in a few kilobytes."""
    content = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(content, "PNG")
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", bomb(), "万画素以内にしてください"),
        ("a.jpg", picture(size=(8_000, 5_100)), "4,000万画素以内にしてください"),
        ("a.gif", picture("GIF"), "使える形式：JPEG、PNG、WEBP"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "使える形式：JPEG、PNG、WEBP"),
        ("a.jpg", picture()[:-900], "画像を読み取れません"),
    ],
)
async def test_what_is_no_safe_picture_is_refused_in_words(
    shop_db: Database, owner: Shopper, name: str, content: bytes, words: str
) -> None:
    path = await make(owner)
    answer = await upload(owner, path, (name, content, "image/png"))
    assert answer.status_code == 303
    assert words in (await owner.opens(answer.headers["location"])).text
    assert not await shop_db.look("SELECT 1 FROM listing_pictures")


async def test_the_first_picture_is_that_of_lists_and_can_change(shop_db: Database, owner: Shopper) -> None:
    path = await make(owner)
    files = [(f"{n}.png", picture("PNG", (100 + n, 100)), "image/png") for n in range(2)]
    await upload(owner, path, *files)
    rows = await shop_db.look("SELECT picture_id, small_key FROM listing_pictures ORDER BY position")

    async def shown() -> set[str]:
        return {row.image for row in await shop_db.look("SELECT image FROM products")}

    assert await shown() == {f"/shop/goods/{rows[0].small_key}"}
    await owner.sends(f"{path}/pictures/{rows[1].picture_id}/first")
    assert await shown() == {f"/shop/goods/{rows[1].small_key}"}
    await owner.sends(f"{path}/pictures/{rows[1].picture_id}/remove")
    assert await shown() == {f"/shop/goods/{rows[0].small_key}"}
    async with shop_db.transaction() as tx:
        assert await named_pictures(tx, [row.small_key for row in rows]) == {rows[0].small_key}


def files_in(folder: Path) -> set[str]:
    return {kept.name for kept in folder.glob("goods_png/*")}


def make_old(folder: Path) -> None:
    for kept in folder.glob("goods_png/*"):
        os.utime(kept, (0, 0))


async def test_removed_pictures_are_swept_and_those_of_a_copy_stay(
    shop_db: Database, owner: Shopper, tmp_path: Path
) -> None:
    path = await make(owner)
    files = [(f"{n}.png", picture("PNG", (100 + n, 100)), "image/png") for n in range(2)]
    await upload(owner, path, *files)
    await owner.sends(f"{path}/copy", sku="tenugui2")
    first, _ = await shop_db.look(
        "SELECT picture_id FROM listing_pictures JOIN listings USING (listing_id)"
        " WHERE address = 'tenugui-ai' ORDER BY listing_pictures.position"
    )
    await owner.sends(f"{path}/pictures/{first.picture_id}/remove")
    orphan = await Files(LocalStore(tmp_path)).keep("goods_png", chunks(io.BytesIO(b"never named")))
    make_old(tmp_path)
    async with shop_db.transaction() as tx:
        await ask_to_sweep(tx, at=now())
        [due] = await claim_due(tx, picture_sweeps, rows_max=1, at=now(), kind=DueSweep)

    await SweepPictures(shop_db, lambda: Files(LocalStore(tmp_path))).perform(due)

    left = files_in(tmp_path)
    assert len(left) == 4, "the copy shows both pictures"
    assert orphan.key.partition("/")[2] not in left
    async with shop_db.transaction() as tx:
        assert await tx.value("SELECT due_at FROM picture_sweeps") > now() + timedelta(hours=23)


async def test_two_orders_at_once_share_the_limit_of_one_buyer(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await put_on_shelf(tx, "rare", name="限定の品", price=900, available=50, buyer_limit=2)
    app = shop_app(shop_db, keys)
    browsers = [Shopper(app, keys, name="会員 花子") for _ in range(4)]
    for browser in browsers:
        browser.member_id = browsers[0].member_id

    async def order(browser: Shopper, number: int) -> int:
        answer = await browser.browser.post(
            "/api/checkout/orders",
            headers={"Idempotency-Key": f"limit-{number}-key"},
            json={
                "lines": [{"sku": "rare", "quantity": 1}],
                "orderer": ORDERER,
                "payment_kind": "cash_on_delivery",
            },
        )
        return answer.status_code

    codes = await asyncio.gather(*(order(browser, number) for number, browser in enumerate(browsers)))

    assert sorted(codes) == [201, 201, 422, 422]
    sold = await shop_db.look("SELECT reserved FROM stock WHERE sku = 'rare'")
    assert sold[0].reserved == 2


async def test_a_product_is_sold_only_within_its_period(shop_db: Database, owner: Shopper) -> None:
    tomorrow = in_japan(now() + timedelta(days=1)).date()
    await make(owner, sale_from=tomorrow.isoformat(), sale_until=tomorrow.isoformat())
    async with shop_db.transaction() as tx:
        await set_initial_stock(tx, "tenugui-ai", 3)

    async def is_sold() -> bool:
        return "カートに入れる" in (await owner.opens("/items/tenugui-ai")).text

    try:
        assert not await is_sold()
        clock.move(timedelta(days=1))
        assert await is_sold()
        clock.move(timedelta(days=1))
        assert not await is_sold()
    finally:
        clock.reset()


async def test_goods_without_prepayment_offer_no_prepaid_method(
    shop_db: Database, keys: Keys, shopper: Shopper
) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await put_on_shelf(tx, "ticket", name="予約券", price=900, available=5, prepay_excluded=True)
    await shopper.fills_cart("ticket")
    await shopper.goes_to_confirmation()
    await shopper.opens("/order/payment")
    assert "前払いをご利用いただけない商品が含まれています" in shopper.text
    refused = await shopper.sends(
        "/order/payment", payment_kind=KONBINI["kind"], **{"konbini-chain": "lawson"}
    )
    assert "/order/payment" in refused.headers["location"]
    methods = (await shopper.browser.get("/api/checkout/methods?total=900&sku=ticket")).json()
    reasons = {one["kind"]: one["reason"] for one in methods}
    assert reasons["konbini"] == reasons["bank_transfer"] == "excluded_goods"
    assert reasons["cash_on_delivery"] is None


@pytest.mark.feature("PRE-01")
async def test_a_preorder_becomes_an_order_of_its_kind(shop_db: Database, keys: Keys, owner: Shopper) -> None:
    await open_shop(shop_db)
    await make(owner, kind="preorder", ships_from="2027-02-01")
    async with shop_db.transaction() as tx:
        await set_initial_stock(tx, "tenugui-ai", 3)
    buyer = Shopper(shop_app(shop_db, keys), keys)
    await buyer.opens("/items/tenugui-ai")
    assert "2027/02/01から順に発送します" in buyer.text
    await buyer.fills_cart("tenugui-ai")
    buyer.carry_wallet()
    await buyer.opens("/order/amazon")
    await buyer.goes_to_confirmation()
    await buyer.sends("/order/confirm", **buyer.confirmation)
    assert [row.order_kind for row in await shop_db.look("SELECT order_kind FROM orders")] == ["preorder"]


async def test_one_buyer_gets_no_more_than_the_limit(shop_db: Database, keys: Keys) -> None:
    await open_shop(shop_db)
    async with shop_db.transaction() as tx:
        await put_on_shelf(tx, "rare", name="限定の品", price=900, available=50, buyer_limit=2)
    buyer = Shopper(shop_app(shop_db, keys), keys, name="会員 花子")

    async def order(quantity: int) -> httpx.Response:
        await buyer.fills_cart("rare", quantity)
        await buyer.goes_to_confirmation()
        return await buyer.sends("/order/confirm", **buyer.confirmation)

    await buyer.fills_cart("rare", 5)
    await buyer.opens("/cart")
    assert "お一人様2点までです。カートの数量は2点です" in buyer.page.text
    await buyer.sends("/cart/lines/rare", quantity="1")
    await buyer.goes_to_confirmation()
    first = await buyer.sends("/order/confirm", **buyer.confirmation)
    assert "/orders/" in first.headers["location"]
    await order(2)
    assert (
        "お一人様2点までの商品です（これまでのご注文を含みます）"
        in (await buyer.opens("/order/confirm")).text
    )
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE orders SET status = 'cancelled', cancelled_at = now()")
    again = await buyer.sends("/order/confirm", **buyer.confirmation)
    assert "/orders/" in again.headers["location"], "a cancelled order counts no more"


@pytest.mark.feature("CAT-04", clause="search, categories, sold out")
async def test_one_search_finds_the_same_goods_in_any_kana(shop_db: Database, owner: Shopper) -> None:
    await open_shop(shop_db)
    await make(owner)
    for typed in ("ﾃﾇｸﾞｲ", "てぬぐい", "手ぬぐい", "テヌグイ", "ＴＥＮＵＧＵＩ-ai", "注染　紅"):
        page = (await owner.opens(f"/?q={typed}")).text
        assert "/items/tenugui-ai" in page, typed
        assert "/items/cup" not in page, typed
    await owner.opens("/?q=急須")
    assert "「急須」の商品は見つかりませんでした" in owner.text
    assert "/items/" not in (await owner.opens("/?q=％")).text


async def test_categories_sort_orders_and_pages_narrow_the_shelf(shop_db: Database, owner: Shopper) -> None:
    await open_shop(shop_db, skus=tuple(f"cup-{n:02}" for n in range(22)))
    await make(owner)
    async with shop_db.transaction() as tx:
        await set_initial_stock(tx, "tenugui-ai", 4)
    home = (await owner.opens("/")).text
    category = re.search(r'href="/\?category=([^"]+)">布もの', home)
    assert category is not None
    page = (await owner.opens(f"/?category={category[1]}")).text
    assert re.findall(r'href="/items/([^"]+)"', page) == ["tenugui-ai"]
    assert "残り4点" in page
    dear = (await owner.opens("/?sort=dear&size=20")).text
    assert re.findall(r'href="/items/([^"]+)"', dear)[0] == "tenugui-ai"
    assert "23件中 1–20件" in owner.text
    assert len(re.findall(r'href="/items/', (await owner.opens("/?sort=dear&size=20&page=2")).text)) == 3
    assert (await owner.opens("/?category=nothing")).status_code == 404


async def test_categories_are_arranged_at_the_desk(shop_db: Database, owner: Shopper) -> None:
    await make(owner)
    page = f"{PAGE}/categories"
    assert (await owner.sends(page, name="季節のもの")).status_code == 303
    assert "「季節のもの」はすでにあります" in (await owner.sends(page, name="季節のもの")).text
    ids = {
        row.name: row.category_id for row in await shop_db.look("SELECT name, category_id FROM categories")
    }
    await owner.sends(f"{page}/{ids['季節のもの']}/up")
    await owner.sends(f"{page}/{ids['布もの']}", **{f"{ids['布もの']}-name": "布のもの"})
    refused = await owner.sends(f"{page}/{ids['布もの']}/delete")
    assert "商品が1件あります" in refused.text
    await owner.sends(f"{page}/{ids['季節のもの']}/delete")
    names = [row.name for row in await shop_db.look("SELECT name FROM categories ORDER BY position")]
    assert names == ["布のもの", "贈りもの"]
    assert "/items/tenugui-ai" in (await owner.opens("/?q=布のもの")).text


async def test_the_list_has_tabs_search_and_a_file(shop_db: Database, owner: Shopper) -> None:
    assert "商品はまだありません" in (await owner.opens(PAGE)).text
    await make(owner)
    assert "注染手ぬぐい" in (await owner.opens(f"{PAGE}?q=ﾃﾇｸﾞｲ&tab=out")).text
    assert "該当する商品はありません" in (await owner.opens(f"{PAGE}?tab=hidden")).text
    file = (await owner.opens(f"{PAGE}/export.csv")).content.decode("utf-8-sig")
    assert "注染手ぬぐい,tenugui-ai,在庫なし,布もの・贈りもの" in file


async def test_a_page_beyond_the_last_leads_to_the_last(shop_db: Database, owner: Shopper) -> None:
    await make(owner)
    await owner.opens(f"{PAGE}?page=99&q=てぬぐい")
    assert "商品はまだありません" not in owner.text
    assert "このページには何もありません" in owner.text
    assert "一覧は1ページまでです。" in owner.text
    last = re.search(r'href="([^"]*)">最後のページを見る', owner.page.text)
    assert last is not None
    assert "注染手ぬぐい" in (await owner.opens(unescape(last[1]))).text


async def test_only_staff_with_the_right_are_told_to_edit(
    shop_db: Database, keys: Keys, owner: Shopper
) -> None:
    await make(owner)
    assert "商品を編集" in (await owner.opens("/desk/stock/tenugui-ai")).text
    other = Shopper(shop_app(shop_db, keys), keys)
    other.sign_in("閲覧 のみ", staff="read_only")
    await other.opens("/desk/stock/tenugui-ai")
    assert "商品を編集" not in other.text
    assert "登録内容を見る" in other.text


async def test_only_staff_with_the_right_change_products(
    shop_db: Database, keys: Keys, owner: Shopper
) -> None:
    path = await make(owner)
    other = Shopper(shop_app(shop_db, keys), keys)
    other.sign_in("閲覧 のみ", staff="read_only")
    assert (await other.opens(path)).status_code == 200
    assert "変更を保存する" not in other.text
    for target in (f"{PAGE}/new", path, f"{path}/hide", f"{path}/copy", f"{PAGE}/categories"):
        assert (await other.sends(target, **listing())).status_code == 403
