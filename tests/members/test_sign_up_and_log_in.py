"""Sign-up, login, logout and password, as a browser sees them."""

import asyncio
from datetime import timedelta

import httpx
import pytest

from members.accounts.hasher import PasswordHasher
from members.accounts.passwords import Person, weakness
from members.registration.register_member import EmailTaken, NewMember, register_member
from members.shop_rules.rules import Rules
from shared import clock
from shared.clock import now
from shared.events import MemberRegistered, PasswordChanged, SessionsRevoked
from shared.ids import new_id
from shared.web.parts import add_part
from tests.members.member_examples import SIGN_UP
from tests.members.members_service import PASSWORD, MembersService


async def test_signing_up_makes_a_member_who_is_logged_in(members: MembersService) -> None:
    async with members.browser() as browser:
        answer = await browser.post(
            "/members/signup", data={**SIGN_UP, "newsletter": "true", "next": "/cart"}
        )

        assert (answer.status_code, answer.headers["location"]) == (303, "/cart")
        page = await browser.get("/members/mypage")
        assert "綾瀬 あや さんのマイページ" in page.text
        assert "会員登録ポイント +500" in page.text
        claims = members.session_claims(browser)
    [registered] = await members.said(MemberRegistered)
    assert registered.via == "form"
    assert claims["sub"] == str(registered.member_id)
    assert (claims["staff"], claims["amazon_linked"]) == (None, False)
    [row] = await members.rows("SELECT kana, newsletter, password_hash FROM members")
    assert (row.kana, row.newsletter) == ("アヤセ アヤ", True)
    assert row.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kana": "青木"}, "フリガナは全角カタカナで入力してください"),
        ({"name": ""}, "お名前を入力してください"),
        ({"email": "aya"}, "メールアドレスは name@example.jp の形式で入力してください"),
        ({"password": "12345678"}, "パスワードには英字と数字の両方を入れてください"),
        ({"password": "abcdefgh"}, "パスワードには英字と数字の両方を入れてください"),
        ({"password": "abc1234"}, "パスワードは8文字以上で入力してください"),
        ({"password": "password123"}, "よく使われているパスワード"),
        ({"password": "aaaaaaa1"}, "よく使われているパスワード"),
        ({"password": "1212121212121212a"}, "繰り返しや並びは推測されやすい"),
        ({"password": "aya@example.jp1"}, "メールアドレスやお名前を含むパスワード"),
        ({"name": "Shiratori", "password": "shiratori77x"}, "メールアドレスやお名前を含むパスワード"),
        ({"name": "=?UTF-8?Q?=0A?=Bcc: x"}, "お名前に使用できない文字（=?）が含まれています"),
        ({"name": "綾\u202e瀬"}, "お名前に使用できない文字（U+202E）が含まれています"),
        ({"name": "綾" * 61}, "お名前は60文字以内で入力してください"),
        ({"email": "太郎@example.jp"}, "「@」より前は半角英数字で入力してください"),
    ],
)
@pytest.mark.feature("MEM-24", clause="digits only or letters only refused")
@pytest.mark.feature("MEM-25", "MEM-36")
async def test_a_bad_field_is_refused_there_and_registers_nobody(
    members: MembersService, change: dict[str, str], message: str
) -> None:
    async with members.browser() as browser:
        answer = await browser.post("/members/signup", data={**SIGN_UP, **change})

    assert answer.status_code == 422
    assert message in answer.text
    assert PASSWORD not in answer.text
    assert await members.rows("SELECT 1 FROM members") == []


@pytest.mark.parametrize("email", ["taro..test.@docomo.ne.jp", ".abc@ezweb.ne.jp"])
async def test_a_carriers_old_address_signs_up_and_logs_in(members: MembersService, email: str) -> None:
    async with members.browser() as browser:
        answer = await browser.post("/members/signup", data={**SIGN_UP, "email": email})
        assert answer.status_code == 303
    async with members.browser() as browser:
        answer = await browser.post("/members/login", data={"email": email, "password": PASSWORD})

    assert answer.status_code == 303
    [registered] = await members.said(MemberRegistered)
    assert registered.email == email


@pytest.mark.feature("MEM-24", clause="letters and digits accepted")
@pytest.mark.parametrize("password", ["abc12345", "kasa-wo-sasu-neko", "tabi7-no-michi"])
async def test_a_password_that_is_mixed_or_long_is_accepted(members: MembersService, password: str) -> None:
    async with members.browser() as browser:
        answer = await browser.post("/members/signup", data={**SIGN_UP, "password": password})

    assert answer.status_code == 303


def test_telephone_number_and_birthday_are_no_passwords() -> None:
    person = Person(numbers=("09012345678", "19900102"))

    assert weakness("090-1234-5678", person) == weakness("19900102", person)
    assert "電話番号や誕生日" in str(weakness("19900102", person))


async def test_a_taken_address_is_refused_whatever_its_capitals(members: MembersService) -> None:
    await members.register("aya@example.jp")

    async with members.browser() as browser:
        answer = await browser.post("/members/signup", data={**SIGN_UP, "email": "AYA@Example.JP"})

    assert answer.status_code == 422
    assert "このメールアドレスはすでに登録されています" in answer.text
    assert "noren_session" not in browser.cookies


async def test_from_one_address_thirty_people_may_sign_up_in_an_hour(members: MembersService) -> None:
    async def sign_up(browser: httpx.AsyncClient, number: int) -> int:
        form = {**SIGN_UP, "email": f"a{number}@example.jp"}
        return (await browser.post("/members/signup", data=form)).status_code

    async with members.browser("203.0.113.9") as here, members.browser("192.0.2.1") as elsewhere:
        assert [await sign_up(here, number) for number in range(31)] == [303] * 30 + [429]
        assert await sign_up(elsewhere, 31) == 303
        clock.clock.move(timedelta(minutes=61))
        assert await sign_up(here, 30) == 303


async def test_ten_questions_whether_an_address_is_taken_are_the_limit(
    members: MembersService,
) -> None:
    await members.register()
    async with members.browser() as browser:
        tries = [await browser.post("/members/signup", data=SIGN_UP) for _ in range(11)]

    assert [answer.status_code for answer in tries] == [422] * 10 + [429]


async def test_a_known_browser_gets_in_where_its_address_is_closed(members: MembersService) -> None:
    await members.register()
    async with members.browser("203.0.113.9") as owner, members.browser("203.0.113.9") as stranger:
        await members.log_in(owner)
        await owner.post("/members/logout")
        for number in range(50):
            await stranger.post("/members/login", data={"email": f"a{number}@example.jp", "password": "x"})

        assert (await members.log_in(stranger)).status_code == 429
        assert (await members.log_in(owner)).status_code == 303


async def test_of_64_sign_ups_of_one_address_one_becomes_a_member(members: MembersService) -> None:
    async def sign_up(number: int) -> bool:
        new = NewMember(
            member_id=new_id(),
            name="綾瀬 あや",
            email="aya@example.jp" if number % 2 else "AYA@example.jp",
            buyer_id="amzn1.account.AYA",
            email_proved=True,
        )
        try:
            async with members.db.transaction() as tx:
                await register_member(tx, new, rules=Rules(), via="amazon", at=now())
        except EmailTaken:
            return False
        return True

    made = await asyncio.gather(*(sign_up(number) for number in range(64)))

    assert sum(made) == 1
    assert len(await members.rows("SELECT 1 FROM members")) == 1
    assert len(await members.rows("SELECT 1 FROM amazon_links")) == 1
    assert len(await members.said(MemberRegistered)) == 1


async def test_logging_in_gives_a_new_session_id_and_ends_the_old(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        first = await members.log_in(browser, next="/order/amazon")
        assert (first.status_code, first.headers["location"]) == (303, "/order/amazon")
        before = members.session_claims(browser)
        old_cookie = browser.cookies["noren_session"]
        await members.log_in(browser)
        after = members.session_claims(browser)

        assert before["sid"] != after["sid"]
        browser.cookies.set("noren_session", old_cookie)
        assert (await browser.get("/members/mypage")).status_code == 303
    [revoked] = await members.said(SessionsRevoked)
    assert str(revoked.session_id) == before["sid"]


async def test_a_login_leads_to_no_other_site(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        answer = await members.log_in(browser, next="//evil.example/")

    assert answer.headers["location"] == "/members/mypage"


@pytest.mark.parametrize("email", ["aya@example.jp", "nobody@example.jp"])
async def test_a_known_and_an_unknown_address_are_answered_alike(members: MembersService, email: str) -> None:
    await members.register()
    async with members.browser() as browser:
        answer = await browser.post("/members/login", data={"email": email, "password": "wrong-pass-1"})

    assert answer.status_code == 422
    assert "メールアドレスまたはパスワードが違います" in answer.text


class CountingHasher(PasswordHasher):
    """Counts how often Argon2 was really computed."""

    checks = 0

    def _right(self, password_hash: str, password: str) -> bool:
        self.checks += 1
        return super()._right(password_hash, password)


async def test_a_stranger_costs_as_much_argon2_as_a_member(members: MembersService) -> None:
    await members.register()
    hasher = CountingHasher(memory_kib=64)
    add_part(members.app, PasswordHasher, hasher)
    async with members.browser() as browser:
        for email in ("aya@example.jp", "nobody@example.jp"):
            before = hasher.checks
            await browser.post("/members/login", data={"email": email, "password": "wrong-pass-1"})
            assert hasher.checks == before + 1
    await hasher.close()


async def test_a_member_without_password_cannot_log_in_with_one(members: MembersService) -> None:
    new = NewMember(
        member_id=new_id(), name="綾瀬 あや", email="aya@example.jp", buyer_id="amzn1.account.AYA"
    )
    async with members.db.transaction() as tx:
        await register_member(tx, new, rules=Rules(), via="amazon", at=now())

    async with members.browser() as browser:
        for password in ("", "nobody has this password", PASSWORD):
            answer = await browser.post(
                "/members/login", data={"email": "aya@example.jp", "password": password}
            )
            assert answer.status_code == 422


async def test_the_eleventh_failure_waits_but_not_the_owners_browser(members: MembersService) -> None:
    await members.register()
    wrong = {"email": "aya@example.jp", "password": "guess-number-1"}
    async with members.browser("192.0.2.1") as owner, members.browser("203.0.113.9") as stranger:
        await members.log_in(owner)
        for _ in range(10):
            assert (await stranger.post("/members/login", data=wrong)).status_code == 422

        refused = await stranger.post("/members/login", data={**wrong, "password": PASSWORD})
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 601

        assert (await members.log_in(owner)).status_code == 303
        clock.clock.move(timedelta(minutes=11))
        assert (await members.log_in(stranger)).status_code == 303


async def test_guesses_sent_at_once_do_not_slip_past_the_limit(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        wrong = {"email": "aya@example.jp", "password": "guess-number-1"}
        answers = await asyncio.gather(*(browser.post("/members/login", data=wrong) for _ in range(25)))

    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(422), statuses.count(429)) == (10, 15)


async def test_the_fifty_first_failure_from_one_ip_address_is_put_off(members: MembersService) -> None:
    async with members.browser("203.0.113.9") as browser:
        for number in range(50):
            await browser.post("/members/login", data={"email": f"a{number}@example.jp", "password": "x"})
        answer = await browser.post("/members/login", data={"email": "a99@example.jp", "password": "x"})

    assert answer.status_code == 429


async def test_a_session_ends_with_logout_even_for_a_copied_cookie(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        stolen = browser.cookies["noren_session"]
        answer = await browser.post("/members/logout")
        assert answer.status_code == 303
        assert "noren_session" not in browser.cookies

        browser.cookies.set("noren_session", stolen)
        page = await browser.get("/members/mypage")
        api = await browser.get("/api/members/me")

    assert page.headers["location"].startswith("/members/login?next=")
    assert api.status_code == 401
    assert len(await members.said(SessionsRevoked)) == 1


async def test_logging_out_everywhere_ends_every_login(members: MembersService) -> None:
    await members.register()
    async with members.browser() as phone, members.browser() as desktop:
        await members.log_in(phone)
        await members.log_in(desktop)
        assert "2台の端末からログアウトします" in (await phone.get("/members/mypage")).text

        await phone.post("/members/sessions/end-all")

        assert (await desktop.get("/members/mypage")).status_code == 303
    assert len(await members.said(SessionsRevoked)) == 2


async def test_nobody_ends_somebody_elses_login(members: MembersService) -> None:
    await members.register()
    await members.register("ben@example.jp")
    async with members.browser() as aya, members.browser() as ben:
        await members.log_in(aya)
        await members.log_in(ben, "ben@example.jp")
        session_id = members.session_claims(aya)["sid"]

        answer = await ben.post(f"/members/sessions/{session_id}/end")

        assert answer.status_code == 404
        assert (await aya.get("/members/mypage")).status_code == 200


@pytest.mark.feature("MEM-20", "MEM-22")
async def test_a_new_password_ends_other_logins_for_good(members: MembersService) -> None:
    await members.register()
    async with members.browser() as here, members.browser() as elsewhere:
        await members.log_in(here)
        await members.log_in(elsewhere)

        wrong = {"password": "guess-number-1", "new_password": "tsugi-no-8"}
        assert (await here.post("/members/password", data=wrong)).status_code == 422
        assert await members.said(PasswordChanged) == []
        changed = await here.post(
            "/members/password", data={"password": PASSWORD, "new_password": "tsugi-no-8"}
        )
        assert [event.way for event in await members.said(PasswordChanged)] == ["form"]
        assert changed.headers["location"] == "/members/mypage"
        assert (await here.get("/members/mypage")).status_code == 200
        assert (await elsewhere.get("/members/mypage")).status_code == 303
        assert (await members.log_in(elsewhere)).status_code == 422

        again = await here.post(
            "/members/password", data={"password": "tsugi-no-8", "new_password": PASSWORD}
        )
        assert again.status_code == 422
        assert "過去に使用したパスワードは使用できません" in again.text


async def test_a_session_outlives_its_days_nowhere(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        clock.clock.move(timedelta(days=15))

        assert (await browser.get("/members/mypage")).status_code == 303


async def test_a_form_from_another_site_is_refused(members: MembersService) -> None:
    await members.register()
    async with members.browser() as browser:
        await members.log_in(browser)
        answer = await browser.post("/members/logout", headers={"origin": "https://evil.example"})

        assert answer.status_code == 403
        assert (await browser.get("/members/mypage")).status_code == 200


async def test_failed_logins_from_one_ipv6_network_count_together(members: MembersService) -> None:
    answers = []
    for number in range(51):
        async with members.browser(f"2001:db8:1:2::{number:x}") as browser:
            answers.append((await members.log_in(browser, f"nobody{number}@example.jp")).status_code)
    assert answers == [422] * 50 + [429]
    async with members.browser("2001:db8:1:3::1") as browser:
        assert (await members.log_in(browser, "nobody@example.jp")).status_code == 422


async def test_a_locked_login_names_the_reset_by_mail_as_way_out(members: MembersService) -> None:
    await members.register()
    async with members.browser() as stranger:
        for _ in range(10):
            wrong = await stranger.post("/members/login", data={"email": "aya@example.jp", "password": "x1"})
        assert "お急ぎの場合は" not in wrong.text
        locked = await members.log_in(stranger)

    assert locked.status_code == 429
    assert 'お急ぎの場合は、<a href="/members/password/forgot">パスワードを再設定</a>' in locked.text
