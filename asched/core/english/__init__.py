"""In English: what a schedule is, why something was decided, how it ended; the same on every surface."""
