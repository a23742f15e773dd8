"""A login that has ended is ended for copies too, and a browser forgets who used it."""

from datetime import timedelta

import pytest

from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.accounts.romaji import romaji
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
        await thief.get(ARRIVE)
    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1
    [link] = await members.rows("SELECT m.email FROM amazon_links JOIN members m USING (member_id)")
    assert link.email == "aya@example.jp"


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
