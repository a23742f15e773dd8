"""Links in mails, and the proof of an address."""
