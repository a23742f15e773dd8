"""メール送信記録: the outcome of each mail, and sending undelivered ones again."""
