"""Staff keep searches of the order desk under names of their own, for themselves or for all."""

import re
from collections.abc import AsyncIterator
from html import unescape
from uuid import UUID

import httpx
import pytest

from checkout.tables import metadata
from harness.keys import Keys
from harness.postgres import MakeDatabase
from shared.database.transactions import Database
from shared.shop.saved_searches.change_saved_search import SEARCHES_MAX
from tests.checkout.desk_client import desk_client

COLLEAGUE = UUID("0190f5fe-7c00-7a00-8000-000000000002")
SEARCHES = "/desk/orders/searches"


@pytest.fixture
async def db(make_db: MakeDatabase) -> AsyncIterator[Database]:
    yield await make_db("checkout", metadata)


@pytest.fixture
async def desk(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys) as client:
        yield client


@pytest.fixture
async def colleague(db: Database, keys: Keys) -> AsyncIterator[httpx.AsyncClient]:
    async with desk_client(db, keys, name="同僚 試験", member=COLLEAGUE) as client:
        yield client


async def save(desk: httpx.AsyncClient, name: str, query: str, **more: str) -> httpx.Response:
    return await desk.post(SEARCHES, data={"name": name, "query": query, **more})


async def page_of(desk: httpx.AsyncClient, path: str = "/desk/orders") -> str:
    answer = await desk.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


def links(page: str) -> dict[str, str]:
    """Return the saved searches of a page: name and address."""
    nav = re.search(r'<nav class="row" aria-label="保存した検索">(.*?)</nav>', page, re.DOTALL)
    found = re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>([^<]+)', nav[1]) if nav else []
    return {name.strip(): unescape(href) for href, name in found}


def changes(page: str) -> list[str]:
    return re.findall(rf'action="({SEARCHES}/[0-9a-f-]+)"', page)


async def test_a_saved_search_stands_above_the_list_and_finds_the_same(desk: httpx.AsyncClient) -> None:
    query = "tab=all&q=山田&payment_kind=amazon_pay&payment_kind=konbini&total_from=10000&sort=-total"
    answer = await save(desk, "高額の山田さま", f"{query}&page=3&next=https://example.com")
    assert answer.status_code == 303

    saved = links(await page_of(desk))["高額の山田さま"]

    assert dict(httpx.URL(saved).params.multi_items()) == dict(httpx.URL(f"/?{query}").params.multi_items())
    assert httpx.URL(saved).params.get_list("payment_kind") == ["amazon_pay", "konbini"]
    assert 'value="山田"' in await page_of(desk, saved)


async def test_the_search_that_is_shown_is_marked_among_the_saved(desk: httpx.AsyncClient) -> None:
    await save(desk, "未発送", "tab=unshipped")

    assert re.search(r'aria-current="page">未発送', await page_of(desk, "/desk/orders?tab=unshipped&page=2"))
    assert not re.search(r'aria-current="page">未発送', await page_of(desk, "/desk/orders?tab=unpaid"))


async def test_a_search_is_its_keepers_alone_unless_it_is_for_all(
    desk: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    await save(desk, "自分用", "tab=unpaid")
    await save(desk, "みんな用", "tab=unpaid", for_all="true")

    assert set(links(await page_of(desk))) == {"自分用", "みんな用"}
    assert set(links(await page_of(colleague))) == {"みんな用"}


async def test_a_name_that_is_taken_is_told_at_its_field(desk: httpx.AsyncClient) -> None:
    await save(desk, "未発送", "tab=unshipped")

    answer = await save(desk, "未発送", "tab=unpaid")

    page = await page_of(desk, answer.headers["location"])
    told = re.search(
        r'id="e-search-name" role="alert">.*?「未発送」という名前の検索はすでに', page, re.DOTALL
    )
    assert told
    assert 'id="f-search-name" name="name" value="未発送"' in page
    assert links(page)["未発送"] == "/desk/orders?tab=unshipped"


async def test_a_search_without_a_name_is_not_saved(desk: httpx.AsyncClient) -> None:
    answer = await save(desk, " ", "tab=unpaid")

    page = await page_of(desk, answer.headers["location"])
    assert 'id="e-search-name"' in page
    assert links(page) == {}


async def test_more_searches_than_a_list_takes_are_refused(desk: httpx.AsyncClient) -> None:
    for number in range(SEARCHES_MAX):
        await save(desk, f"検索{number}", "tab=all")

    await save(desk, "もう一つ", "tab=all")

    assert len(links(await page_of(desk))) == SEARCHES_MAX


async def test_a_search_gets_another_name_and_goes(desk: httpx.AsyncClient) -> None:
    await save(desk, "未発送", "tab=unshipped")
    [change] = changes(await page_of(desk))

    await desk.post(change, data={"name": "きょうの出荷", "seen": "未発送"})
    assert links(await page_of(desk)) == {"きょうの出荷": "/desk/orders?tab=unshipped"}
    await desk.post(change, data={"name": "あすの出荷", "seen": "未発送"})
    assert set(links(await page_of(desk))) == {"きょうの出荷"}

    await desk.post(f"{change}/delete")
    assert links(await page_of(desk)) == {}
    assert (await desk.post(f"{change}/delete")).status_code == 404


async def test_a_search_for_all_is_changed_by_its_keeper_and_owners(
    db: Database, keys: Keys, desk: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    await save(desk, "みんな用", "tab=unpaid", for_all="true")
    [change] = changes(await page_of(desk))

    assert changes(await page_of(colleague)) == []
    assert (await colleague.post(f"{change}/delete")).status_code == 403
    async with desk_client(db, keys, staff="owner", member=COLLEAGUE) as owner:
        assert (await owner.post(f"{change}/delete")).status_code == 303
    assert links(await page_of(desk)) == {}


async def test_nobody_changes_the_own_search_of_another(
    desk: httpx.AsyncClient, colleague: httpx.AsyncClient
) -> None:
    await save(desk, "自分用", "tab=unpaid")
    [change] = changes(await page_of(desk))

    answer = await colleague.post(change, data={"name": "とられた", "seen": "自分用"})

    assert answer.status_code == 404
    assert set(links(await page_of(desk))) == {"自分用"}


@pytest.mark.parametrize("query", ["q=a%00b", "q=%ED%A0%80", "q=%ff"])
async def test_a_search_that_no_link_can_carry_is_not_saved(desk: httpx.AsyncClient, query: str) -> None:
    answer = await save(desk, "読めない検索", query)

    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/orders?tab=new")
    assert "読めない検索" not in links(await page_of(desk))
