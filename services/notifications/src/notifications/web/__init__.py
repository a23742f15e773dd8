"""The pages of notifications: the mail desk, and the buyer's message centre."""
