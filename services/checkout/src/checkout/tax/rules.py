"""The settings of the tax, and the rates in force at one moment (TAX-01)."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationInfo, field_validator

from checkout.tax.labels import ROUNDINGS, TaxClass
from checkout.tax.rates import DatedRates, check_begun, rate_on
from shared.clock import in_japan
from shared.shop.settings.group import TYPED_AT, Group, setting
from shared.shop.taxes import TaxRounding


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """The rates in force when an order is placed, in percent, and the rounding. Fees have the standard rate."""

    standard: int
    reduced: int
    rounding: TaxRounding

    def rate(self, tax_class: TaxClass) -> int:
        """Return the rate of a class of goods."""
        return self.reduced if tax_class == "reduced" else self.standard

    def is_reduced(self, tax_class: TaxClass) -> bool:
        """Return whether goods of a class bear the mark of the reduced rate: it is lower than the standard rate."""
        return tax_class == "reduced" and self.reduced < self.standard


STANDARD_BY_LAW = ["2019/10/01から10％"]
REDUCED_BY_LAW = ["2019/10/01から8％"]


class TaxSettings(Group, key="tax"):
    """The rates with the days from which they hold, and the rounding. Stored orders keep the rates of their own day."""

    standard_rates: DatedRates = setting(
        STANDARD_BY_LAW,
        section="税率",
        label="標準税率",
        hint="1行に1つ、適用を始める日と税率を「2019/10/01から10％」の形で入力します。送料と手数料にも適用されます。日付は日本時間の0時からです。",
    )
    reduced_rates: DatedRates = setting(
        REDUCED_BY_LAW,
        label="軽減税率",
        hint="税区分が軽減税率の商品に適用されます。「2019/10/01から8％」の形で入力します。",
    )
    rounding: TaxRounding = setting(
        "down",
        section="端数処理",
        label="消費税の端数処理",
        hint="ご注文ごと、税率ごとに1回だけ行います。変更は、これからのご注文に適用されます。",
        labels=ROUNDINGS,
    )

    @field_validator("standard_rates", "reduced_rates")
    @classmethod
    def _has_begun(cls, lines: list[str], info: ValidationInfo) -> list[str]:
        """Refuse typed rates of which none holds today. Settings of an earlier release may have such rates."""
        if info.context:
            check_begun(lines, in_japan(info.context[TYPED_AT]).date())
        return lines

    def at(self, moment: datetime) -> TaxTerms:
        """Return the rates in force at ``moment``, by the day in Japan. Until the first line, the rates by law hold."""
        day = in_japan(moment).date()
        return TaxTerms(
            rate_on(self.standard_rates, day, before=STANDARD_BY_LAW),
            rate_on(self.reduced_rates, day, before=REDUCED_BY_LAW),
            self.rounding,
        )
