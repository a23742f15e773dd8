"""Everything that runs Noren: natively on one machine (`native`), in containers, and what both share."""
