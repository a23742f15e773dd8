"""The demo's buyers: four of amazon.co.jp, one of amazon.com, their addresses and instruments."""

from dataclasses import dataclass

from payments.methods.amazon_pay.simulator.store import Document, Thing, Transaction


@dataclass(frozen=True, slots=True)
class AmazonAccount:
    """An Amazon account. Only accounts of amazon.co.jp can pay in Japan (AP-17)."""

    key: str
    name: str
    email: str
    buyer_id: str
    addresses: tuple[Document, ...]
    marketplace: str = "amazon.co.jp"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A way to pay inside Amazon Pay: a card, or the gift card balance (AP-14).

    `outcome` is its effect on the second page: approved, buyer_canceled, declined, pending_approved or
    pending_declined. `reason` explains a decline.
    """

    key: str
    descriptor: str
    hint: str = ""
    outcome: str = "approved"
    reason: str | None = None


def _address(
    key: str, name: str, postal: str, prefecture: str, lines: tuple[str, str, str | None], phone: str
) -> Document:
    return {
        "addressId": key,
        "name": name,
        "addressLine1": lines[0],
        "addressLine2": lines[1],
        "addressLine3": lines[2],
        "city": None,
        "county": None,
        "district": None,
        "stateOrRegion": prefecture,
        "postalCode": postal,
        "countryCode": "JP",
        "phoneNumber": phone,
    }


ACCOUNTS = {
    account.key: account
    for account in (
        AmazonAccount(
            "hanako",
            "佐藤 花子",
            "hanako.sato@example.jp",
            "amzn1.account.HANAKOSATONORENDEMO000000001",
            (
                _address(
                    "hanako-home",
                    "佐藤 花子",
                    "100-0005",
                    "東京都",
                    ("千代田区丸の内", "1-9-1", "みどりビル 5F"),
                    "03-1234-5678",
                ),
                _address(
                    "hanako-parents",
                    "佐藤 太郎",
                    "231-0023",
                    "神奈川県",
                    ("横浜市中区山下町", "1-2", None),
                    "045-123-4567",
                ),
            ),
        ),
        AmazonAccount(
            "ichiro",
            "鈴木 一郎",
            "ichiro.suzuki@example.jp",
            "amzn1.account.ICHIROSUZUKINORENDEMO0000002",
            (
                _address(
                    "ichiro-home",
                    "鈴木 一郎",
                    "530-0001",
                    "大阪府",
                    ("大阪市北区梅田", "3-1-3", "のれんタワー 1203"),
                    "０６-1234-5678",
                ),
                _address(
                    "ichiro-office",
                    "鈴木 一郎",
                    "060-0001",
                    "北海道",
                    ("札幌市中央区北一条西", "2丁目", "時計台ビル 3F"),
                    "0112345678",
                ),
            ),
        ),
        AmazonAccount(
            "misaki",
            "田中 美咲",
            "misaki.tanaka@example.jp",
            "amzn1.account.MISAKITANAKANORENDEMO0000004",
            (
                _address(
                    "misaki-home",
                    "田中 美咲",
                    "600-8216",
                    "京都府",
                    ("京都市下京区東塩小路町", "721-1", None),
                    "075-123-4567",
                ),
            ),
        ),
        AmazonAccount(
            "kenta",
            "高橋 健太",
            "kenta.takahashi@example.jp",
            "amzn1.account.KENTATAKAHASHINORENDEMO00005",
            (
                _address(
                    "kenta-home",
                    "高橋 健太",
                    "810-0001",
                    "福岡県",
                    ("福岡市中央区天神", "1-8-1", None),
                    "092-123-4567",
                ),
            ),
        ),
        AmazonAccount(
            "john",
            "John Smith",
            "john.smith@example.com",
            "amzn1.account.JOHNSMITHNORENDEMO0000000003",
            (),
            marketplace="amazon.com",
        ),
    )
}

INSTRUMENTS = {
    instrument.key: instrument
    for instrument in (
        Instrument("visa", "Visa ****1111 (Amazon Pay)"),
        Instrument("gift", "Amazonギフトカード"),
        Instrument(
            "canceled", "Visa ****3064 (Amazon Pay)", "購入者が途中でやめるカード", outcome="buyer_canceled"
        ),
        Instrument("declined", "Visa ****3434 (Amazon Pay)", "承認されないカード", outcome="declined"),
        Instrument(
            "insufficient",
            "JCB ****2222 (Amazon Pay)",
            "残高が足りないカード",
            outcome="declined",
            reason="InsufficientFunds",
        ),
        Instrument(
            "wrong_data",
            "JCB ****3333 (Amazon Pay)",
            "カード情報が誤っているカード",
            outcome="declined",
            reason="InvalidCardData",
        ),
        Instrument(
            "expired",
            "JCB ****5555 (Amazon Pay)",
            "有効期限が切れたカード",
            outcome="declined",
            reason="PaymentMethodExpired",
        ),
        Instrument(
            "over_limit",
            "JCB ****6666 (Amazon Pay)",
            "限度額を超えているカード",
            outcome="declined",
            reason="TransactionAmountExceeded",
        ),
        Instrument(
            "pending",
            "Visa ****0701 (Amazon Pay)",
            "審査に時間がかかり、後で承認されるカード",
            outcome="pending_approved",
        ),
        Instrument(
            "pending_declined",
            "Visa ****4354 (Amazon Pay)",
            "審査に時間がかかり、後で断られるカード",
            outcome="pending_declined",
        ),
    )
}


def address_book(tx: Transaction, account: AmazonAccount) -> list[Document]:
    """Return all addresses of an account, the first one first. Added addresses come last and stay for later orders."""
    added = [thing.api for thing in reversed(tx.newest("address")) if thing.own["account"] == account.key]
    return [*account.addresses, *added]


def add_address(tx: Transaction, account: AmazonAccount, address: Document) -> str:
    """Store a new address at Amazon (AP-29) and return its id."""
    address_id = f"{account.key}-{len(tx.newest('address')) + 1}"
    document = _address(
        address_id,
        address["name"],
        address["postalCode"],
        address["stateOrRegion"],
        (address["addressLine1"], address["addressLine2"], address.get("addressLine3") or None),
        address["phoneNumber"],
    )
    tx.save(Thing(address_id, "address", document, {"account": account.key}))
    return address_id


def without_id(address: Document) -> Document:
    """Return an address as the API shows it in `shippingAddress`."""
    return {name: value for name, value in address.items() if name != "addressId"}
