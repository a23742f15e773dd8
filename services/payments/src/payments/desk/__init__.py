"""The desk of payments: the list of payments and its file, the page of one payment, and the deeds on that page."""
