"""Local time: zones and their offset changes, calendars, windows, and the wall times that cron and RRULE name."""
