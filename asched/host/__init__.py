"""Knows where we are: the machine's zone, the state directory, who else may write to a file, or has the processors.

Must not know: jobs, schedules, the service.
"""
