"""Serves: configuration, discovery of jobs, secrets, logs, signals, the control socket, lifecycle.

Must not know: the command line.
"""
