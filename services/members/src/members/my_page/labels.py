"""Texts for the member about the way of a login."""

from typing import Literal

from shared.shop.labels import Labels

_Way = Literal["password", "amazon", "registration"]
WAY = Labels[_Way](_Way, {"password": "パスワード", "amazon": "Amazonアカウント", "registration": "会員登録"})
