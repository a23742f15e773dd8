"""The identity of the shop (店舗情報): settings that every page, mail and paper of all services shows (SHO-01)."""

from typing import Annotated, Any

from pydantic import BeforeValidator

from checkout.shop.registration_number import RegistrationNumber
from shared.shop.identity.facts import ShopIdentity
from shared.shop.settings.group import Group, setting
from shared.text.phones import phone_digits
from shared.text.widths import half_width
from shared.web.fields import AddressLine, Email, Line, PostalCode, wrong

LOGO_PATH = "/shop/logo"


def _phone(typed: object) -> object:
    """Keep the hyphens as they were typed: nobody else knows where the area code ends."""
    if not isinstance(typed, str) or not typed.strip():
        return typed
    if not phone_digits(typed):
        raise wrong("電話番号は0から始まる10桁か11桁の数字で入力してください")
    return half_width(typed).strip()


class IdentitySettings(Group, key="identity"):
    """Who the shop is. Fields that are empty are shown nowhere."""

    name: Line = setting(
        "",
        section="店舗",
        label="ショップ名",
        hint="サイト、メール、帳票に表示します。",
        max_length=50,
        empty="未設定",
    )
    heading: Line = setting(
        "",
        label="トップページの見出し",
        hint="空欄の場合はショップ名を表示します。",
        max_length=60,
        empty="なし",
    )
    introduction: Line = setting(
        "",
        label="ショップの紹介文",
        hint="トップページの冒頭と、検索結果の説明に表示します。",
        max_length=200,
        empty="なし",
    )
    logo: str = setting(
        "", label="ロゴ", hint="PNG・JPEG・WEBP、5MBまで。", shown="picture", max_length=60, empty="なし"
    )
    seller: Line = setting(
        "",
        section="事業者",
        label="販売業者",
        hint="法人は登記上の名称、個人事業主は氏名（または登記された商号）です。",
        max_length=100,
        empty="未設定",
    )
    responsible: Line = setting("", label="運営統括責任者", max_length=60, empty="未設定")
    postal_code: PostalCode | None = setting(
        None, label="郵便番号", shown="text", max_length=40, empty="未設定"
    )
    address: AddressLine = setting(
        "", label="所在地", hint="都道府県から建物名まで。", max_length=200, empty="未設定"
    )
    phone: Annotated[str, BeforeValidator(_phone)] = setting(
        "", label="電話番号", hint="例：03-1234-5678", max_length=40, empty="未設定"
    )
    mail: Email | None = setting(
        None,
        label="お問い合わせ先メールアドレス",
        hint="サイトとメールに、お問い合わせ先として表示します。",
        shown="text",
        empty="未設定",
    )
    registration_number: RegistrationNumber = setting(
        "",
        label="適格請求書発行事業者登録番号",
        hint="「T」と13桁の数字。登録がない場合は空欄にします。",
        max_length=40,
        empty="未設定",
    )

    @property
    def facts(self) -> dict[str, Any]:
        """Return the fields of :class:`ShopIdentity`, empty where the shop has told nothing."""
        told = {name: value or "" for name, value in self if name != "logo"}
        return {**told, "logo_path": f"{LOGO_PATH}/{self.logo}" if self.logo else ""}

    def shown_as(self, fallback: ShopIdentity) -> ShopIdentity:
        """Return the identity that pages and mails show."""
        return ShopIdentity.of(self.facts, fallback=fallback)
