"""The mechanisms of all services: events, outbox, inbox, consumers, pages. No business rules of the shop."""
