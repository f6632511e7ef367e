"""What decides: the board, and the rules that work on it, a turn at a time."""
