"""What would be: the same rules over virtual time, or on a board that nobody serves."""
