"""What was, and why: from what the ledger holds."""
