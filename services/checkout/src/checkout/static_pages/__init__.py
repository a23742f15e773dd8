"""The pages whose text staff write: プライバシーポリシー, 利用規約, 返品条件, お問い合わせ."""
