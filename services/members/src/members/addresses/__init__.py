"""Links by mail, and the proof of an address."""
