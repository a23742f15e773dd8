"""The six chains, and the words for the number in each (KON-23 to KON-30, KON-38, KON-43).

A payment has one number. Seven-Eleven shows it with 13 digits, all other chains with its 11. Another chain shows it
in other words and changes nothing else (X-16).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from payments.payment.rules.details import Number

CONFIRMATION = "8888"
_REFUSED_EVERYWHERE = ("PayPay", "auPay", "d払い", "Suica", "PASMO", "クレジットカード", "iD")
_WRITTEN = {"auPay": "au PAY"}


@dataclass(frozen=True)
class Chain:
    """Where and how the number is used. ``steps`` contain ``{number}``, ``{confirmation}`` and ``{menu}``."""

    name: str
    label: str
    digits: int
    number_label: str
    confirmation: str | None
    steps: tuple[str, ...]
    also_refused: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ("現金",)
    fee: int = 0

    @property
    def refused(self) -> tuple[str, ...]:
        """Return what the till does not accept (KON-29)."""
        return (*_REFUSED_EVERYWHERE, *self.also_refused)

    @property
    def refused_in_words(self) -> str:
        """Return the same for buyers, each name in the spelling of its owner."""
        return "、".join(_WRITTEN.get(name, name) for name in self.refused)

    def tell(self, number: Number, refs: Mapping[str, str]) -> Number:
        """Return the number of a payment in this chain's format and words. The deadline stays."""
        digits = refs["number_13"] if self.digits == 13 else refs["number_11"]
        return Number(
            number=digits,
            label=self.number_label,
            due_at=number.due_at,
            chain=self.name,
            confirmation_number=self.confirmation,
        )


_LOPPI = (
    "Loppiのメニューから「各種代金・料金お支払い」を選びます",
    "「各種代金お支払い」を選びます",
    "「{menu}」を選びます",
    "支払い番号 {number} を入力します",
    "確認番号 {confirmation} を入力します",
    "出てきた申込券を、30分以内にレジへお持ちください",
)

CHAINS: Mapping[str, Chain] = {
    chain.name: chain
    for chain in (
        Chain(
            "seven_eleven",
            "セブンイレブン",
            13,
            "払込票番号",
            None,
            (
                "このページを印刷するか、払込票番号 {number} を控えます",
                "レジで「インターネット代金の支払い」と伝え、番号を店員に伝えます",
            ),
            ("nanaco",),
        ),
        Chain("lawson", "ローソン", 11, "支払い番号", CONFIRMATION, _LOPPI, ("WAON",)),
        Chain(
            "family_mart",
            "ファミリーマート",
            11,
            "支払い番号",
            CONFIRMATION,
            (
                "Famiポートのメニューから「代金支払い」を選びます",
                "「各種代金お支払い」を選びます",
                "「番号入力画面に進む」を選びます",
                "支払い番号 {number} を入力します",
                "確認番号 {confirmation} を入力します",
                "内容を確かめて「同意して利用する」を選びます",
                "出てきた申込券をレジへお持ちください",
            ),
            ("WAON", "FamiPay"),
        ),
        Chain("ministop", "ミニストップ", 11, "支払い番号", CONFIRMATION, _LOPPI, ("WAON",)),
        Chain(
            "daily_yamazaki",
            "デイリーヤマザキ",
            11,
            "オンライン決済番号",
            None,
            (
                "このページを印刷するか、オンライン決済番号 {number} を控えます",
                "レジで「オンライン決済」と伝え、番号を店員に伝えます",
            ),
        ),
        Chain(
            "seicomart",
            "セイコーマート",
            11,
            "オンライン決済番号",
            None,
            (
                "クラブステーションのメニューから「各種支払い」を選びます",
                "オンライン決済番号 {number} を入力し、「次に進む」を選びます",
                "「印刷」を選びます",
                "出てきた用紙をレジへお持ちください",
            ),
            ("WAON", "ペコマカード"),
        ),
        Chain("online", "ATM・ネットバンキング・電子マネー", 11, "お支払い番号", None, ()),
    )
}
KONBINI = tuple(chain for chain in CHAINS.values() if chain.steps)
DEFAULT = "seven_eleven"
