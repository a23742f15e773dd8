"""What later mails must know of an order: whose it is, how it was placed, whether it ended."""
