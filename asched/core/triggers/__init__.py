"""When a job is due: one file a kind of trigger, and what they have in common."""
