"""メール設定一覧: what staff set for each kind of mail, and whether it goes out then."""
