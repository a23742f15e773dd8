"""メール送信記録: what became of each mail, and undelivered ones sent again."""
