"""What the core needs of the world. Protocols only; a contract suite checks each sentence."""
