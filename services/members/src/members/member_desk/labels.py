"""Texts for staff: the ways of registration, and the rights of members of staff."""

from typing import Literal

from shared.shop.labels import Labels

_Via = Literal["form", "amazon", "order", "desk"]
VIA = Labels[_Via](
    _Via, {"form": "会員登録画面", "amazon": "Amazonアカウント", "order": "ご注文と同時", "desk": "店舗"}
)
_StaffRole = Literal["owner", "staff"]
STAFF_ROLE = Labels[_StaffRole](_StaffRole, {"owner": "責任者", "staff": "スタッフ"})
