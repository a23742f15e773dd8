"""A provider behind two methods: one contract, one client, one notice path, one breaker; found folders all three."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import payments.methods
import payments.providers
from harness.keys import Keys
from harness.postgres import MakeDatabase
from payments.methods.method import Shop
from payments.methods.registry import Methods, find_methods, template_folders
from payments.payment.rules.answers import Unknown
from payments.requests.provider_gate import SILENCES_MAX, Patience, ProviderGate
from payments.tables import metadata
from shared.events import PaymentAuthorized, PaymentCaptured
from tests.payments.order_examples import placed, shipped
from tests.payments.payments_service import ORIGIN, Payments, make_payments
from tests.payments.staff import sign_in

PROVIDER = '''
"""両替屋: remembers what was asked for, whichever way it was paid."""

from payments.payment.rules.answers import Authorized, Captured, Unknown
from payments.providers.provider import Notice, NoticeRefused, Provider
from shared.clock import now


class Exchange(Provider):
    name = "exchange"
    label = "両替屋"
    requests_at_once_max = 2

    def __init__(self):
        self.done, self.closed, self.silent = {}, 0, False

    @classmethod
    def from_environment(cls, shop):
        return cls()

    async def read_notice(self, headers, body):
        if headers.get("x-secret") != "of the exchange":
            raise NoticeRefused("secret_wrong", status=403)
        notice_id, _, reference = body.decode().partition(":")
        return Notice(notice_id, reference)

    async def close(self):
        self.closed += 1

    def hold(self, payment, key, way):
        name = f"{way}-{payment.order_code}"
        return self.told(payment, Authorized(
            authorization_id=name, amount=payment.amount, authorized_at=now(), refs={"deal": name}
        ))

    def take(self, payment, amount, key):
        return self.told(payment, Captured(amount=amount, captured_at=now(), receipt_id=key))

    def told(self, payment, answer):
        if self.silent:
            return Unknown(reason="timeout")
        self.done.setdefault(payment.payment_id, []).append(answer)
        return answer

    def known(self, payment):
        return (Unknown(reason="timeout"),) if self.silent else tuple(self.done.get(payment.payment_id, ()))
'''
METHOD = '''
"""One way of paying at the exchange."""

from payments.payment.rules.terms import Terms
from payments.methods.method import Menu, Method
from payments.providers.exchange import Exchange


class Way(Method):
    kind = "exchange_WAY"
    terms = Terms(flow="authorized", deposit="capture")

    def __init__(self, exchange):
        self.exchange = exchange

    @classmethod
    def from_environment(cls, shop):
        return cls(shop.provider(Exchange))

    @property
    def provider(self):
        return self.exchange

    def menu(self):
        return Menu(kind=self.kind, name="両替WAY", group="card", authorized_at_order=True)

    async def authorize(self, payment, *, key):
        return self.exchange.hold(payment, key, "WAY")

    async def capture(self, payment, *, amount, key):
        return self.exchange.take(payment, amount, key)

    async def look_up(self, payment):
        return self.exchange.known(payment)


METHOD = Way
'''
KINDS = ("exchange_gold", "exchange_silver")


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[None]:
    provider = tmp_path / "providers" / "exchange"
    (provider / "templates").mkdir(parents=True)
    (provider / "__init__.py").write_text(PROVIDER, encoding="utf-8")
    for kind in KINDS:
        folder = tmp_path / "methods" / kind
        folder.mkdir(parents=True)
        text = METHOD.replace("WAY", kind.removeprefix("exchange_"))
        (folder / "__init__.py").write_text(text, encoding="utf-8")
    payments.providers.__path__.append(str(tmp_path / "providers"))
    payments.methods.__path__.append(str(tmp_path / "methods"))
    yield
    payments.methods.__path__.remove(str(tmp_path / "methods"))
    payments.providers.__path__.remove(str(tmp_path / "providers"))
    for name in ("providers.exchange", *(f"methods.{kind}" for kind in KINDS)):
        sys.modules.pop(f"payments.{name}", None)


@pytest.fixture
def methods(folders: None) -> Methods:
    return find_methods([*KINDS, "cash_on_delivery"], Shop(ORIGIN, sandbox=True))


@pytest.fixture
async def service(
    methods: Methods, make_db: MakeDatabase, keys: Keys, tmp_path: Path
) -> AsyncIterator[Payments]:
    made = make_payments(await make_db("payments", metadata), keys, tmp_path, *methods.values())
    yield made
    await made.browser.aclose()


def exchange_of(methods: Methods) -> Any:
    return methods[KINDS[0]].provider


async def notify(service: Payments, text: str, *, forged: bool = False) -> int:
    path, proof = "/payments/exchange/notices", "guessed" if forged else "of the exchange"
    answer = await service.browser.post(path, content=text, headers={"X-Secret": proof})
    await service.work()
    return answer.status_code


async def test_both_methods_share_one_provider_that_is_closed_once(methods: Methods) -> None:
    gold, silver, cash = methods.values()
    assert gold.provider is silver.provider
    assert cash.provider is cash, "who serves one method is that method"
    assert [one.name for one in methods.providers] == ["exchange", "cash_on_delivery"]
    assert any(folder.parent.name == "exchange" for folder in template_folders())
    await methods.close()
    assert exchange_of(methods).closed == 1


async def test_orders_are_paid_by_either_way(service: Payments) -> None:
    menu = (await service.browser.get("/api/payments/methods")).json()["methods"]
    assert [entry["kind"] for entry in menu][:2] == list(KINDS)
    for code, kind in zip(("N1", "N2"), KINDS, strict=True):
        await service.hears(placed(code, kind), shipped(code))
    await service.work()
    said = [(type(one), one.payment_kind) for one in await service.said()]  # type: ignore[attr-defined]
    assert sorted(said, key=str) == sorted(
        [(event, kind) for kind in KINDS for event in (PaymentAuthorized, PaymentCaptured)], key=str
    )


async def test_a_notice_at_the_one_path_finds_method_and_payment(service: Payments) -> None:
    for code, kind in zip(("N1", "N2"), KINDS, strict=True):
        await service.hears(placed(code, kind))
    await service.work()
    second = await service.payment("N2")
    exchange_of(service.methods).take(second, 3_300, "r1")
    assert await notify(service, "n1:silver-N2") == 200
    assert [(await service.payment(code)).state for code in ("N1", "N2")] == ["authorized", "captured"]
    assert await notify(service, f"n2:{second.payment_id.hex}") == 200
    assert await notify(service, "n2:gold-N1") == 200, "the same notice again"
    rows = await service.rows("SELECT method, notice_id, state, payment_id FROM notices ORDER BY notice_id")
    assert [tuple(row) for row in rows] == [
        ("exchange", "n1", "done", second.payment_id),
        ("exchange", "n2", "done", second.payment_id),
    ]


async def test_a_forged_notice_is_refused_for_all_its_methods(service: Payments) -> None:
    assert await notify(service, "n1:gold-N1", forged=True) == 403
    for kind in KINDS:
        assert (await service.browser.post(f"/payments/{kind}/notices", content="n1:x")).status_code == 404
    assert await service.rows("SELECT 1 FROM notices") == []


async def test_staff_read_the_provider_s_name_beside_its_notices(service: Payments, keys: Keys) -> None:
    await service.rows(
        "INSERT INTO notices (notice_key, method, notice_id, body, state, received_at)"
        " VALUES (gen_random_uuid(), 'exchange', 'n1', '', 'unreadable', now()) RETURNING 1"
    )
    sign_in(service.browser, keys)
    assert "両替屋" in (await service.browser.get("/desk/payments/notices")).text


async def test_silence_to_one_method_spares_the_provider_of_both(service: Payments) -> None:
    for code, kind in zip(("N1", "N2"), KINDS, strict=True):
        await service.hears(placed(code, kind))
    first, second = [await service.payment(code) for code in ("N1", "N2")]
    exchange_of(service.methods).silent = True
    gate = ProviderGate(service.methods, Patience(silence_seconds_min=0, pause_seconds=60))
    for _ in range(SILENCES_MAX):
        await gate.look_up(first)
    [paused] = await gate.look_up(second)
    assert isinstance(paused, Unknown)
    assert paused.reason == "provider_paused"


async def test_a_provider_that_sends_no_notices_refuses_them(service: Payments) -> None:
    answer = await service.browser.post("/payments/cash_on_delivery/notices", content="n1:x")
    assert answer.status_code == 400
    assert await service.rows("SELECT 1 FROM notices") == []
