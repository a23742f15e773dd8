"""How events get from one service to another: topology, connections, consumers, relay."""
