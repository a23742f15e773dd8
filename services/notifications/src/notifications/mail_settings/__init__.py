"""メール設定一覧: the settings of each kind of mail, and whether it is sent with them."""
