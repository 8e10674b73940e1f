"""What a customer asks for: orders, money, market, all of its own account."""
