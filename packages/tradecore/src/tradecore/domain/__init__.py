"""What money and orders are, and the rules that they obey: pure, synchronous, no I/O."""
