"""プレビュー: each mail with an example event, and sending a test of it."""
