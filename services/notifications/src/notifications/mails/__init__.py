"""What mails there are, whom they are for and what they say: each is a file in ``texts/``."""
