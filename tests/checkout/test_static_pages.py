"""Staff write the pages of the shop in Markdown; an edit is live at once and can be taken back."""

import re

import pytest

from checkout.static_pages.markdown import to_html
from checkout.static_pages.rules import StaticPage, subject_of
from checkout.static_pages.samples import add_sample_pages
from harness.as_seen import as_seen
from harness.hearing import said
from shared.database.transactions import Database
from shared.events import ShopSettingsChanged
from shared.shop.settings.rows import read_subject
from tests.checkout.shopper import Shopper

DESK = "/desk/shop/pages"
PRIVACY = "/pages/privacy"


@pytest.fixture
async def owner(shopper: Shopper) -> Shopper:
    """The owner at the desk."""
    shopper.sign_in("店長 試験", staff="owner")
    return shopper


async def writes(owner: Shopper, text: str, key: str = "privacy") -> int:
    """Save a page; return the status of the answer."""
    path = f"{DESK}/{key}"
    return (await owner.sends(path, **await as_seen(owner.browser, path, {"text": text}))).status_code


async def may_take_back(owner: Shopper) -> list[str]:
    """Return the changes that the versions of プライバシーポリシー offer to take back."""
    await owner.opens(f"{DESK}/privacy/versions")
    return re.findall(r'name="change" value="(\d+)"', owner.page.text)


@pytest.mark.feature("SHO-04", clause="live at once | taken back")
async def test_an_edit_is_live_at_once_and_can_be_taken_back(owner: Shopper) -> None:
    assert await writes(owner, "## 利用目的\n\n発送のために使います。") == 303
    await owner.opens(PRIVACY)
    assert "<h3>利用目的</h3>" in owner.page.text
    assert "発送のために使います。" in owner.text

    assert await writes(owner, "## 利用目的\n\n広告のために使います。") == 303
    await owner.opens(PRIVACY)
    assert "広告のために使います。" in owner.text

    [change] = await may_take_back(owner)
    assert "発送のために使います。" in owner.text
    assert (await owner.sends(f"{DESK}/take-back", change=change)).status_code == 303
    await owner.opens(PRIVACY)
    assert "発送のために使います。" in owner.text


async def test_the_footer_of_every_page_leads_to_the_pages(shopper: Shopper) -> None:
    await shopper.opens("/")
    for key in ("privacy", "terms", "returns", "contact"):
        assert f'<a href="/pages/{key}">' in shopper.page.text
        await shopper.opens(f"/pages/{key}")
        assert "このページは準備中です。" in shopper.text
        assert 'content="noindex"' in shopper.page.text


async def test_a_page_that_does_not_exist_is_not_found(owner: Shopper) -> None:
    for path in ("/pages/other", f"{DESK}/other", f"{DESK}/other/versions"):
        assert (await owner.opens(path)).status_code == 404
    assert (await owner.sends(f"{DESK}/other/preview", text="x")).status_code == 404


async def test_a_preview_shows_the_text_and_stores_nothing(shop_db: Database, owner: Shopper) -> None:
    answer = await owner.sends(f"{DESK}/terms/preview", text="**同意**")
    assert answer.text.strip() == "<p><strong>同意</strong></p>"
    subject = subject_of("terms")
    assert subject is not None
    async with shop_db.transaction() as tx:
        assert await read_subject(tx, subject) == StaticPage()


async def test_a_text_beyond_the_limit_is_refused_with_the_reason(owner: Shopper) -> None:
    assert await writes(owner, "あ" * 10_001) == 422
    assert "本文は10000文字以内で入力してください" in owner.text
    answer = await owner.sends(f"{DESK}/terms/preview", text="あ" * 10_001)
    assert "本文は10000文字以内で入力してください" in answer.text


async def test_a_long_text_stands_on_record_with_its_beginning(shop_db: Database, owner: Shopper) -> None:
    assert await writes(owner, "あ" * 10_000) == 303
    [deed] = [event for event in await said(shop_db) if isinstance(event, ShopSettingsChanged)]
    assert deed.subject == f"プライバシーポリシー 本文：（空欄） → {'あ' * 200}…"


async def test_only_owners_write_pages(owner: Shopper) -> None:
    await writes(owner, "本文")
    owner.sign_in("店員 試験", staff="staff")
    assert (await owner.sends(f"{DESK}/privacy", text="x")).status_code == 403
    assert await may_take_back(owner) == []


async def test_the_demo_gets_texts_where_nobody_wrote_any(shop_db: Database, owner: Shopper) -> None:
    await writes(owner, "自分の本文")
    for _ in range(2):
        async with shop_db.transaction() as tx:
            await add_sample_pages(tx)
    await owner.opens(PRIVACY)
    assert "自分の本文" in owner.text
    await owner.opens("/pages/returns")
    assert "<table>" in owner.page.text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ('<b onclick="x">太字</b>', "<p>&lt;b onclick=&quot;x&quot;&gt;太字&lt;/b&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](JaVaScRiPt:alert(1))", "<p>[x](JaVaScRiPt:alert(1))</p>"),
        ("[x](data:text/html,x)", "<p>[x](data:text/html,x)</p>"),
        ("[x](//evil.example)", "<p>[x](//evil.example)</p>"),
        ("[x](/\\evil.example)", '<p><a href="/%5Cevil.example">x</a></p>'),
        ("[x](https://noren.example)", '<p><a href="https://noren.example">x</a></p>'),
        ("[x](/legal)", '<p><a href="/legal">x</a></p>'),
        ("[x](mailto:shop@noren.example)", '<p><a href="mailto:shop@noren.example">x</a></p>'),
        ("# 見出し", "<h2>見出し</h2>"),
        ("一行目\n二行目", "<p>一行目<br />\n二行目</p>"),
    ],
)
def test_markdown_becomes_html_without_any_of_the_writers(text: str, html: str) -> None:
    assert html in to_html(text)


def test_pictures_of_elsewhere_are_not_shown() -> None:
    assert "<img" not in to_html("![x](https://elsewhere.example/x.png)")
