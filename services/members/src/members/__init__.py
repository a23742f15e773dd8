"""members: who shops here and who works here, their sessions, their Amazon link and their points."""
