"""How Noren's services talk: events, outbox, inbox, consumers, pages. Nothing of what the shop does."""
