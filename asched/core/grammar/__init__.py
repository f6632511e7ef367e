"""What people write for a schedule, to triggers."""
