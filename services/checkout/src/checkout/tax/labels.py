"""The labels of tax classes and roundings."""

from typing import Literal

from shared.shop.labels import Labels
from shared.shop.taxes import TaxRounding

TaxClass = Literal["standard", "reduced"]
"""The class of goods: 標準税率, or 軽減税率 for food and drink."""
TAX_CLASS_LABEL = Labels[TaxClass](TaxClass, {"standard": "標準税率", "reduced": "軽減税率（飲食料品など）"})
ROUNDINGS = Labels[TaxRounding](TaxRounding, {"down": "切捨て", "half_up": "四捨五入", "up": "切上げ"})
