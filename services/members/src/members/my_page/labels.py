"""By what a login began, in words for the member."""

from typing import Literal

from shared.shop.labels import Labels

_Way = Literal["password", "amazon", "registration"]
WAY = Labels[_Way](_Way, {"password": "パスワード", "amazon": "Amazonアカウント", "registration": "会員登録"})
