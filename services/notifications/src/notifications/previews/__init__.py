"""プレビュー: each mail with a golden event, and a test of it."""
