"""A login that has ended is ended for copies too, and a browser forgets who used it."""

import re
from datetime import timedelta

import httpx
import pytest

from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.accounts.romaji import romaji
from members.addresses.rows import is_request_valid, open_request
from shared import clock
from tests.members.members_service import PASSWORD, MembersService

ARRIVE = "/members/amazon/arrive?next=/members/mypage"
BUYER = "amzn1.account.AYA"
OF_THE_VISITOR = (
    "noren_session",
    "noren_benefit",
    "noren_wallet",
    "noren_order",
    "noren_cart",
    "noren_cart_count",
    "noren_amazon_state",
    "noren_amazon_sign_in",
    "noren_arrived",
)


async def test_a_copied_amazon_login_opens_no_second_session(members: MembersService) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser, members.browser() as thief:
        members.carry_wallet(browser)
        thief.cookies.set("noren_wallet", browser.cookies["noren_wallet"])
        assert (await browser.get(ARRIVE)).headers["location"] == "/members/mypage"

        refused = await thief.get(ARRIVE)

        assert refused.status_code == 403
        assert "もう一度Amazonアカウントでログインしてください" in refused.text
        assert "noren_session" not in thief.cookies
        members.carry_wallet(browser)
        assert (await browser.get(ARRIVE)).headers["location"] == "/members/mypage"


async def test_an_amazon_login_before_a_logout_everywhere_is_refused(members: MembersService) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser, members.browser() as thief:
        members.carry_wallet(thief)
        clock.clock.move(timedelta(seconds=2))
        await members.log_in(browser)
        await browser.post("/members/sessions/end-all")
        assert (await thief.get(ARRIVE)).status_code == 403

        clock.clock.move(timedelta(seconds=2))
        members.carry_wallet(thief)
        assert (await thief.get(ARRIVE)).status_code == 303


@pytest.mark.parametrize("path", ["/members/logout", "/members/sessions/end-all"])
async def test_a_logout_uses_up_an_amazon_login_of_before(members: MembersService, path: str) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser, members.browser() as thief:
        await members.log_in(browser)
        members.carry_wallet(browser)
        thief.cookies.set("noren_wallet", browser.cookies["noren_wallet"])
        await browser.post(path)

        assert (await thief.get(ARRIVE)).status_code == 403
        form = {"name": "綾瀬 あや", "kana": "アヤセ アヤ"}
        assert (await thief.post("/members/amazon/register", data=form)).status_code == 422
        assert "noren_session" not in thief.cookies
        clock.clock.move(timedelta(seconds=2))
        members.carry_wallet(browser)
        assert (await browser.get(ARRIVE)).status_code == 303


async def test_a_used_amazon_login_neither_registers_nor_links(members: MembersService) -> None:
    async with members.browser() as browser, members.browser() as thief:
        members.carry_wallet(browser)
        thief.cookies.set("noren_wallet", browser.cookies["noren_wallet"])
        form = {"name": "綾瀬 あや", "kana": "アヤセ アヤ"}
        assert (await browser.post("/members/amazon/register", data=form)).status_code == 303
        await members.register("ben@example.jp")
        await members.log_in(thief, "ben@example.jp")
        await members.confirm_arrival(thief, ARRIVE)
    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1
    [link] = await members.rows("SELECT m.email FROM amazon_links JOIN members m USING (member_id)")
    assert link.email == "aya@example.jp"


async def end_the_other(browser: httpx.AsyncClient) -> httpx.Response:
    """End the one login that the page of a member lists beside that of this browser."""
    page = (await browser.get("/members/mypage")).text
    [session_id] = re.findall(r"/members/sessions/([0-9a-f-]+)/end", page)
    return await browser.post(f"/members/sessions/{session_id}/end")


@pytest.mark.parametrize("under_the_login", [True, False])
async def test_a_login_ended_elsewhere_takes_its_wallet_along(
    members: MembersService, under_the_login: bool
) -> None:
    aya = await members.register(buyer_id=BUYER)
    async with members.browser() as left, members.browser() as home:
        if not under_the_login:
            members.carry_wallet(left, ordering=True)
        await members.log_in(left)
        if under_the_login:
            members.carry_wallet(left, ordering=True, under=aya)
        await members.log_in(home)
        clock.clock.move(timedelta(seconds=2))
        assert (await end_the_other(home)).status_code == 303

        assert (await left.get(ARRIVE)).status_code in (400, 403)
        left.cookies.delete("noren_session")
        assert (await left.get(ARRIVE)).status_code in (400, 403)
        assert "noren_session" not in left.cookies
        assert (await left.get("/members/mypage")).status_code == 303
        assert (await home.get("/members/mypage")).status_code == 200


async def test_a_logout_voids_earlier_amazon_logins_too(members: MembersService) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser, members.browser() as thief:
        members.carry_wallet(browser)
        thief.cookies.set("noren_wallet", browser.cookies["noren_wallet"])
        members.carry_wallet(browser)
        await members.log_in(browser)
        await browser.post("/members/logout")

        assert (await thief.get(ARRIVE)).status_code == 403


async def test_another_member_does_not_inherit_the_wallet(members: MembersService) -> None:
    await members.register()
    await members.register("ben@example.jp")
    async with members.browser() as browser:
        members.carry_wallet(browser, buyer_id="amzn1.account.NEW")
        browser.cookies.set("noren_benefit", "something", domain="noren.test")
        first = await members.log_in(browser)
        assert not any("noren_wallet" in line for line in first.headers.get_list("set-cookie"))
        answer = await members.log_in(browser, "ben@example.jp")

    forgotten = {
        line.partition("=")[0] for line in answer.headers.get_list("set-cookie") if "Max-Age=0" in line
    }
    assert {"noren_wallet", "noren_benefit"} <= forgotten


async def test_a_login_ends_visits_to_amazon_begun_before_it(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        for name in ("noren_amazon_state", "noren_amazon_sign_in"):
            browser.cookies.set(name, "begun by a guest", domain="noren.test")

        await members.log_in(browser)

        assert not {"noren_amazon_state", "noren_amazon_sign_in"} & set(browser.cookies)


async def test_a_wallet_of_another_member_links_nobody(members: MembersService) -> None:
    aya = await members.register()
    await members.register("ben@example.jp")
    async with members.browser() as browser:
        await members.log_in(browser, "ben@example.jp")
        members.carry_wallet(browser, buyer_id="amzn1.account.NEW", under=aya)

        assert (await browser.get(ARRIVE)).status_code == 400
    assert await members.rows("SELECT 1 FROM amazon_links") == []


@pytest.mark.parametrize("all_of_them", [True, False])
async def test_ending_a_login_elsewhere_voids_opened_links(
    members: MembersService, all_of_them: bool
) -> None:
    aya = await members.register()
    async with members.db.transaction() as tx:
        link = await open_request(
            tx, aya, "aya@example.jp", "password_reset", at=clock.now(), valid_for=timedelta(hours=1)
        )
    async with members.browser() as left, members.browser() as home:
        await members.log_in(left)
        await members.log_in(home)
        await (home.post("/members/sessions/end-all") if all_of_them else end_the_other(home))
    async with members.db.transaction() as tx:
        assert not await is_request_valid(tx, "password_reset", link, at=clock.now())


async def test_unlinking_without_a_link_ends_no_login(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser, members.browser() as other:
        await members.log_in(other)
        await members.log_in(browser)
        before = members.session_claims(browser)
        answer = await browser.post("/members/amazon/unlink")

        assert answer.headers["location"] == "/members/mypage"
        assert members.session_claims(browser) == before
        assert (await other.get("/members/mypage")).status_code == 200


async def test_a_session_with_a_new_id_keeps_its_end(members: MembersService) -> None:
    await members.register(buyer_id=BUYER)
    async with members.browser() as browser:
        await members.log_in(browser)
        before = members.session_claims(browser)
        clock.clock.move(timedelta(hours=3))
        await browser.post("/members/amazon/unlink")
        after = members.session_claims(browser)
    assert after["sid"] != before["sid"]
    assert abs(after["exp"] - before["exp"]) <= 1


@pytest.mark.parametrize("path", ["/members/logout", "/members/sessions/end-all"])
async def test_after_a_logout_the_browser_knows_nothing_of_its_member(
    members: MembersService, path: str
) -> None:
    await members.register()
    async with members.browser() as browser:
        for name in OF_THE_VISITOR:
            browser.cookies.set(name, "something", domain="noren.test")
        browser.cookies.delete("noren_session")
        await members.log_in(browser)
        await browser.post(path)
        left = {cookie.name for cookie in browser.cookies.jar}
    assert left & set(OF_THE_VISITOR) == set()
    assert "noren_device" in left


async def test_my_page_offers_a_logout_for_this_device(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        page = (await browser.get("/members/mypage")).text
    here = page.partition("この端末")[2].partition("</li>")[0]
    assert 'action="/members/logout"' in here


async def test_a_wrong_present_password_is_said_at_its_own_field(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        form = {"password": "wrong-pass-1", "new_password": "tsugi-no-tobira-8"}
        answer = await browser.post("/members/password", data=form)
    assert answer.status_code == 422
    assert '<a href="#f-password">現在のパスワードが違います</a>' in answer.text
    assert "メールアドレスまたは" not in answer.text


@pytest.mark.feature("MEM-26")
async def test_the_page_advises_a_password_of_its_own(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        assert (
            "ほかのサイトと同じパスワードは使わないでください"
            in (await browser.get("/members/password")).text
        )


async def test_passwords_are_changed_five_times_an_hour_at_most(members: MembersService) -> None:
    await members.register()
    passwords = [PASSWORD, *(f"tsugi-no-tobira-{number}" for number in range(10, 17))]
    async with members.browser() as browser:
        await members.log_in(browser)

        async def change(number: int) -> int:
            form = {"password": passwords[number], "new_password": passwords[number + 1]}
            return (await browser.post("/members/password", data=form)).status_code

        assert [await change(number) for number in range(6)] == [303] * 5 + [429]
        clock.clock.move(timedelta(minutes=61))
        assert await change(5) == 303


class CountingHasher(PasswordHasher):
    """Counts how often Argon2 was computed to look into a history."""

    looks = 0

    def _again(self, like: str, password: str) -> str:
        self.looks += 1
        return super()._again(like, password)


@pytest.mark.feature("MEM-22")
async def test_a_long_history_is_compared_with_one_hash() -> None:
    hasher = CountingHasher(memory_kib=64)
    history = [await hasher.hash("tsugi-no-tobira-0")]
    for number in range(1, 60):
        history.append(await hasher.hash(f"tsugi-no-tobira-{number}", salt_of=history[-1]))

    assert await hasher.any_of(history, "tsugi-no-tobira-0")
    assert await hasher.any_of(history, "tsugi-no-tobira-59")
    assert not await hasher.any_of(history, "tsugi-no-tobira-60")
    assert hasher.looks == 3
    await hasher.close()


async def test_a_history_of_several_salts_is_compared_whole() -> None:
    hasher, other = CountingHasher(memory_kib=64), PasswordHasher(memory_kib=128)
    history = [await hasher.hash("mukashi-no-kagi-1"), await other.hash("mukashi-no-kagi-2")]
    assert await hasher.any_of(history, "mukashi-no-kagi-1")
    assert await hasher.any_of(history, "mukashi-no-kagi-2")
    assert not await hasher.any_of(history, "mukashi-no-kagi-3")
    await hasher.close()
    await other.close()


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("hanako.y@example.jp9", "メールアドレスやお名前"),
        ("Hanako.Y99", "メールアドレスやお名前"),
        ("YamadaHanako1", "メールアドレスやお名前"),
        ("sunshine1", "よく使われている"),
        ("zxcvbnm123", "よく使われている"),
        ("aaaaaaa1", "よく使われている"),
        ("abababababababab", "繰り返し"),
        ("12345678901234567890", "よく使われている"),
        ("kasa-wo-sasu", "英字と数字の両方"),
    ],
)
def test_a_refused_password_says_why(password: str, reason: str) -> None:
    person = Person("hanako.y@example.jp", ("yamada hanako",), ("09012345678",))
    assert reason in str(weakness(password, person))


@pytest.mark.parametrize(
    "password", ["noren2026", "Noren#2026", "hanako2026x", "yamada2026", "hanakohanako1"]
)
def test_the_shop_and_ones_own_names_make_no_good_password(password: str) -> None:
    person = Person("h@example.jp", ("山田 花子", "ヤマダ ハナコ"), ("09012345678",))
    assert "推測されやすく" in str(weakness(password, person))


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("ハナコ", "hanako"),
        ("ショウタ", "shouta"),
        ("キョーコ", "kyoko"),
        ("ハットリ", "hattori"),
        ("じゅん", "jun"),
    ],
)
def test_kana_are_written_in_latin_letters(kana: str, latin: str) -> None:
    assert romaji(kana) == latin


def test_a_long_sentence_needs_no_digit() -> None:
    assert weakness("kasa-wo-sasu-neko") is None
