"""Texts for staff: the ways of registration."""

from typing import Literal

from shared.shop.labels import Labels

_Via = Literal["form", "amazon", "order", "desk"]
VIA = Labels[_Via](
    _Via, {"form": "会員登録画面", "amazon": "Amazonアカウント", "order": "ご注文と同時", "desk": "店舗"}
)
