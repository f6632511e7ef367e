"""Where the days of calendars come from: lists, iCalendar files, public holidays, functions."""
