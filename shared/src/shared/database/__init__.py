"""One service's database: transactions with their outbox and inbox, statements, migrations."""
