"""Layouts, filters, lists and static files."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
import pytest
from fastapi.testclient import TestClient
from starlette.requests import Request

from shared.web.filters import jst, jst_date, postal, yen
from shared.web.pages import make_templates
from shared.web.paging import Page, PageAsked, with_query
from shared.web.static_files import FOLDER, static_url

PAGES = ["/", "/order/address", "/order/done", "/order/wait", "/nothing"]
DESK_PAGES = ["/desk/orders", "/desk/orders/empty", "/desk/orders/N-261122-0001", "/desk/orders/x/y"]


def test_money_and_moments_are_written_the_japanese_way() -> None:
    late = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)

    assert (yen(12_800), yen(0), yen(-500)) == ("¥12,800", "¥0", "−¥500")
    assert (jst(late), jst_date(late)) == ("2026/11/23 00:05", "2026/11/23")
    assert (postal("1500001"), postal("SW1A 1AA")) == ("〒150-0001", "SW1A 1AA")


def test_a_moment_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        jst(datetime(2026, 11, 22))  # noqa: DTZ001 - the mistake under test


@pytest.mark.parametrize(("header", "said"), [("accept", "location"), ("hx-request", "hx-redirect")])
def test_after_a_form_an_odd_address_is_quoted(preview: Any, header: str, said: str) -> None:
    request = Request({"type": "http", "headers": [(header.encode(), b"true")]})
    answer = preview.pages.redirect(request, "/desk/orders/暖\r\nSet-Cookie: a=b?tab=all&q=%E6#list")

    assert answer.headers[said] == "/desk/orders/%E6%9A%96%0D%0ASet-Cookie:%20a=b?tab=all&q=%E6#list"


def test_a_name_the_page_was_not_given_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        make_templates().env.from_string("{{ nobody_gave_this }}").render()


@pytest.mark.parametrize("path", PAGES + DESK_PAGES)
def test_no_page_needs_inline_script_or_style(signed_in: Callable[..., TestClient], path: str) -> None:
    html = signed_in("店長", staff="owner").get(path).text

    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert '<html lang="ja">' in html and '<meta name="viewport"' in html
    assert html.count("<h1") == 1


@pytest.mark.parametrize("path", PAGES + DESK_PAGES)
def test_every_label_has_its_input_and_every_id_is_single(
    signed_in: Callable[..., TestClient], path: str
) -> None:
    html = signed_in("店長", staff="owner").get(path).text
    ids = re.findall(r'\sid="([^"]+)"', html)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'<label for="([^"]+)"', html)) <= set(ids)


def test_the_rail_opens_the_section_one_is_in(signed_in: Callable[..., TestClient]) -> None:
    html = signed_in("店長 佐々木", staff="owner").get("/desk/orders/N-1").text

    for label in ("受注", "決済", "会員", "通知", "運用"):
        assert f">{label}</a>" in html
    assert '<a href="/desk/orders" aria-current="page">受注一覧</a>' in html
    assert "出荷" in html and "配信の状況" not in html
    assert "店長 佐々木" in html


def test_text_from_people_stays_text(signed_in: Callable[..., TestClient]) -> None:
    html = signed_in("<b>店長</b>", staff="owner").get("/desk/orders/N-1").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;店長&lt;/b&gt;" in html


def test_a_fragment_is_one_block_alone(browser: TestClient) -> None:
    html = browser.get("/cart/amounts").text

    assert html.lstrip().startswith('<dl class="amounts">')
    assert "¥7,740" in html


def test_the_waiting_page_comes_back_by_itself(browser: TestClient) -> None:
    html = browser.get("/order/wait").text
    assert 'data-look-again="3"><a href="/order/wait">最新の状態を見る</a>' in html, "by script, or by hand"
    assert 'http-equiv="refresh' not in html


def test_the_cart_count_is_the_digits_of_its_cookie(browser: TestClient) -> None:
    def shown(cookie: str) -> str:
        html = browser.get("/", headers={"Cookie": f"noren_cart_count={cookie}"}).text
        found = re.search(r"data-cart-count>(\d+)<", html)
        assert found is not None
        return found[1]

    assert (shown("3"), shown("99999"), shown("x"), shown("-1")) == ("3", "0", "0", "0")


def test_sorting_turns_round_and_starts_again_at_page_one(signed_in: Callable[..., TestClient]) -> None:
    html = signed_in("店長", staff="owner").get("/desk/orders?page=3&q=aya&sort=-total").text

    assert 'aria-sort="descending"><a href="/desk/orders?q=aya&amp;sort=total">' in html
    assert "1,204件中 101–150件" in html
    assert 'href="/desk/orders?q=aya&amp;sort=-total&amp;page=4" rel="next"' in html


@pytest.mark.parametrize(
    ("query", "number", "size"),
    [
        ("", 1, 50),
        ("page=0", 1, 50),
        ("page=-3", 1, 50),
        ("page=２", 1, 50),
        ("page=1e9", 1, 50),
        ("page=99999999", 10000, 50),
        ("size=100&page=2", 2, 100),
        ("size=7", 1, 50),
        ("size=99999", 1, 200),
    ],
)
def test_page_and_size_stay_in_bounds(
    signed_in: Callable[..., TestClient], query: str, number: int, size: int
) -> None:
    html = signed_in("店長", staff="owner").get(f"/desk/orders?{query}").text
    page = Page(number=number, size=size, total=1_204)

    assert f"{page.first_row:,}–{page.last_row:,}件" in html


def test_a_pager_shows_neighbours_and_ends() -> None:
    assert Page(number=5, size=50, total=1_000).numbers == [1, None, 4, 5, 6, None, 20]
    assert Page(number=1, size=50, total=0).numbers == [1]
    assert PageAsked(number=3, size=20).offset == 40


def test_an_address_changes_one_parameter_and_keeps_the_rest() -> None:
    assert with_query("/a", "q=%E5%BD%A9&page=2", page=None) == "/a?q=%E5%BD%A9"
    assert with_query("/a", "page=2", page=None) == "/a"


def test_a_static_file_is_cached_only_under_its_hash(browser: TestClient) -> None:
    url = static_url("noren.css")
    current, other = browser.get(url), browser.get("/static/noren.css?v=000000000000")

    assert current.headers["content-type"].startswith("text/css")
    assert "immutable" in current.headers["cache-control"]
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")
    assert browser.get(url, headers={"If-None-Match": current.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    "path", ["/static/", "/static/../pages.py", "/static/%2e%2e/pages.py", "/static/none.css"]
)
def test_nothing_beside_the_static_folder_is_served(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_third_party_files_are_the_ones_we_noted() -> None:
    notes = (FOLDER / "vendor" / "README.md").read_text("utf-8")
    noted = dict(re.findall(r"`([\w.-]+\.js)` \| .* \| `(sha384-[^`]+)`", notes))

    found = {
        path.name: "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()
        for path in (FOLDER / "vendor").glob("*.js")
    }
    assert found and noted == found


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_every_pair_of_text_and_ground_meets_wcag_aa(mode: str) -> None:
    css = Path(FOLDER / "noren.css").read_text("utf-8")
    light, _, rest = css.partition("@media (prefers-color-scheme: dark)")
    tokens: dict[str, Any] = dict(
        re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", light.split("/* ---------- base")[0])
    )
    if mode == "dark":
        tokens |= dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6})", rest.partition("}")[0]))

    grounds = {"--kami", "--card", "--well"}
    pairs = [(ink, ground) for ink in ("--sumi", "--nezu", "--ai-ink", "--shu") for ground in grounds]
    pairs += [(ink, f"{ink}-pale") for ink in ("--shu", "--matsu", "--yamabuki")]
    pairs += [("--matsu", "--card"), ("--yamabuki", "--card"), ("--ai-ink", "--ai-pale"), ("--on-ai", "--ai")]
    pairs += [
        ("--on-ai", "--ai-deep"),
        ("--on-ai-quiet", "--ai"),
        ("--sumi", "--ai-pale"),
        ("--nezu", "--ai-pale"),
    ]
    pairs += [("--rail-at", "--kami"), ("--sumi", "--shu-pale"), ("--sumi", "--yamabuki-pale")]
    weak = {pair: round(_contrast(*(tokens[name] for name in pair)), 2) for pair in pairs}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    assert _contrast(tokens["--line-strong"], tokens["--card"]) >= 3
