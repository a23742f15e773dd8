"""What a change of a listing changes, in words for 操作の記録."""

from collections.abc import Mapping

from checkout.catalogue.labels import KINDS, TEMPERATURES
from checkout.catalogue.listing import ListingDetails
from checkout.tax.labels import TAX_CLASS_LABEL
from shared.clock import in_japan, last_day

_LONG = 40
_SUBJECT_MAX = 600


def changes_of(before: ListingDetails, after: ListingDetails) -> str:
    """Return each change as 「名前：A → B」. Return "" if nothing differs."""
    old, new = _told(before), _told(after)
    changes = [
        f"{label}：{_short(old.get(label, ''))} → {_short(new.get(label, ''))}"
        for label in dict.fromkeys((*old, *new))
        if old.get(label, "") != new.get(label, "")
    ]
    return "、".join(changes)[:_SUBJECT_MAX]


def _short(text: str) -> str:
    plain = " ".join(text.split()) or "（なし）"
    return plain if len(plain) <= _LONG else f"{plain[:_LONG]}…"


def _told(details: ListingDetails) -> Mapping[str, str]:
    terms = details.terms
    told = {
        "商品名": details.name,
        "検索用の読み": details.reading,
        "作り手": details.maker,
        "分類": "・".join(details.categories),
        "一言": details.summary,
        "説明": details.description,
        "仕様": "、".join(f"{label}：{value}" for label, value in details.facts),
        "項目1": details.axis_1,
        "項目2": details.axis_2,
        "消費税": TAX_CLASS_LABEL[terms.tax_class],
        "温度帯": TEMPERATURES[terms.temperature],
        "販売の種類": KINDS[terms.kind],
        "発送開始日": f"{terms.ships_from:%Y/%m/%d}" if terms.ships_from else "",
        "購入制限": f"{terms.buyer_limit}点" if terms.buyer_limit else "",
        "前払い": "利用不可" if terms.prepay_excluded else "利用可",
        "販売開始日": f"{in_japan(terms.sale_from):%Y/%m/%d}" if terms.sale_from else "",
        "販売終了日": f"{last_day(terms.sale_until):%Y/%m/%d}" if terms.sale_until else "",
    }
    for product in details.products:
        parts = [f"¥{product.unit_price:,}", product.value_1, product.value_2]
        parts.append(f"{product.weight_grams}g" if product.weight_grams else "")
        parts.append(f"{product.size_cm}サイズ" if product.size_cm else "")
        parts.append("販売終了" if product.withdrawn else "")
        told[product.sku] = " ".join(filter(None, parts))
    return told
