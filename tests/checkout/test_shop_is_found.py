"""Search engines, link previews and monitors read the shop; what is a visitor's own stays out."""

import json
import re

import pytest
from bs4 import BeautifulSoup

from shared.database.transactions import Database
from tests.checkout.shopper import AMAZON_PAY, BANK_TRANSFER, ORIGIN, Shopper, open_shop


@pytest.mark.parametrize(
    "path", ["/", "/items/cup", "/legal", "/cart", "/orders", "/robots.txt", "/sitemap.xml", "/none"]
)
async def test_head_answers_like_get(shop_db: Database, shopper: Shopper, path: str) -> None:
    await open_shop(shop_db)

    got, head = await shopper.browser.get(path), await shopper.browser.head(path)

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


@pytest.mark.parametrize("path", ["/", "/items/cup", "/legal"])
async def test_a_public_page_describes_itself_under_one_address(
    shop_db: Database, shopper: Shopper, path: str
) -> None:
    await open_shop(shop_db)
    page = BeautifulSoup((await shopper.browser.get(f"{path}?utm_source=x")).text, "html.parser")

    def meta(name: str) -> str:
        found = page.select_one(f'meta[name="{name}"], meta[property="{name}"]')
        return str(found["content"]) if found else ""

    canonical = page.select_one('link[rel="canonical"]')
    assert canonical is not None
    assert canonical["href"] == ORIGIN + path == meta("og:url")
    assert meta("description") != "" == meta("robots")
    assert meta("og:title") != ""
    picture = await shopper.browser.get(meta("og:image"))
    assert picture.headers["content-type"] == "image/png"
    assert page.select_one('link[rel="apple-touch-icon"]') is not None


@pytest.mark.parametrize("path", ["/cart", "/orders", "/none"])
async def test_a_visitors_own_page_is_not_to_be_found(shopper: Shopper, path: str) -> None:
    assert '<meta name="robots" content="noindex">' in (await shopper.browser.get(path)).text


@pytest.mark.parametrize(("available", "said"), [(112, "InStock"), (0, "OutOfStock")])
async def test_a_product_says_price_and_availability_and_not_how_many(
    shop_db: Database, shopper: Shopper, available: int, said: str
) -> None:
    await open_shop(shop_db, price=1_200, available=available)
    async with shop_db.transaction() as tx:
        await tx.execute("UPDATE listings SET name = '湯呑</script><script>alert(1)'")

    text = (await shopper.browser.get("/items/cup")).text

    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found is not None
    product = json.loads(found[1])
    assert product["name"] == "湯呑</script><script>alert(1)"
    assert product["offers"]["price"] == 1_200
    assert product["offers"]["availability"] == f"https://schema.org/{said}"
    assert "112" not in text


async def test_robots_find_the_pages_of_the_shop_and_no_others(shop_db: Database, shopper: Shopper) -> None:
    await open_shop(shop_db, skus=("cup", "pot"))

    robots = (await shopper.browser.get("/robots.txt")).text
    sitemap = (await shopper.browser.get("/sitemap.xml")).text

    assert f"Sitemap: {ORIGIN}/sitemap.xml" in robots
    for private in ("/cart", "/desk", "/members/", "/order"):
        assert f"Disallow: {private}\n" in robots
    assert re.findall(r"<loc>([^<]*)</loc>", sitemap)[:3] == [
        f"{ORIGIN}{path}" for path in ("/", "/items/cup", "/items/pot")
    ]


async def test_the_legal_page_tells_when_each_method_is_paid(shop_db: Database, shopper: Shopper) -> None:
    transfer = {**BANK_TRANSFER, "when_paid": "ご注文から7日以内（会員の方は14日以内）"}
    await open_shop(shop_db, menu=(AMAZON_PAY, transfer))
    await shopper.opens("/legal")
    assert "Amazon Pay：ご注文時にお手続きいただきます" in shopper.text
    assert "銀行振込：ご注文から7日以内（会員の方は14日以内）。" in shopper.text
    assert "代金引換" not in shopper.text, "the shop does not use it"
