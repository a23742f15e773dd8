"""How somebody became a member, and what members of staff may do, in words for staff."""

from typing import Literal

from shared.shop.labels import Labels

_Via = Literal["form", "amazon", "order", "desk"]
VIA = Labels[_Via](
    _Via, {"form": "会員登録画面", "amazon": "Amazonアカウント", "order": "ご注文と同時", "desk": "店舗"}
)
_StaffRole = Literal["owner", "staff"]
STAFF_ROLE = Labels[_StaffRole](_StaffRole, {"owner": "責任者", "staff": "スタッフ"})
