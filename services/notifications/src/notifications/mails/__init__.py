"""The kinds of mail, their audiences and their texts. Each is a file in ``texts/``."""
