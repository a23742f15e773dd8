"""Links of mails are signed by notifications for one purpose, and hold as long as their request."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from harness.keys import Keys
from shared.clock import now
from shared.events import EmailVerificationRequested, PasswordResetRequested
from shared.ids import new_id
from shared.shop.mail_links import MailLink, link_of, make_link, read_link
from shared.shop.statements import StatementInvalid

ORIGIN = "https://shop.example/"


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys()


def request_of(minutes: float = 45) -> PasswordResetRequested:
    return PasswordResetRequested(
        member_id=new_id(),
        request_id=new_id(),
        name="山田花子",
        email="hanako@example.jp",
        expires_at=now().replace(microsecond=0) + timedelta(minutes=minutes),
    )


def token_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["token"][0]


def test_a_link_names_its_request_and_mail_address(keys: Keys) -> None:
    event = request_of()
    purpose, link = link_of(event)
    address = make_link(keys.issuers["notifications"], ORIGIN, purpose, link)
    assert address.startswith("https://shop.example/members/password/reset?token=")
    assert read_link(keys.verifier, purpose, token_of(address)) == MailLink(
        event.request_id, event.member_id, "hanako@example.jp", event.expires_at
    )


def test_a_link_that_proves_an_address_sets_no_password(keys: Keys) -> None:
    event = EmailVerificationRequested(
        **request_of().model_dump(include={"member_id", "request_id", "name", "email", "expires_at"})
    )
    purpose, link = link_of(event)
    address = make_link(keys.issuers["notifications"], ORIGIN, purpose, link)
    assert "/members/verify-email?token=" in address
    with pytest.raises(StatementInvalid):
        read_link(keys.verifier, "password_reset", token_of(address))


@pytest.mark.parametrize("service", ["members", "checkout", "payments"])
def test_only_notifications_may_sign_a_link(keys: Keys, service: str) -> None:
    purpose, link = link_of(request_of())
    with pytest.raises(ValueError, match="may not issue"):
        make_link(keys.issuers[service], ORIGIN, purpose, link)


def test_a_request_that_has_ended_gets_no_link(keys: Keys) -> None:
    purpose, link = link_of(request_of(minutes=-1))
    with pytest.raises(StatementInvalid):
        make_link(keys.issuers["notifications"], ORIGIN, purpose, link)
