"""Lends: fake clock, harness, contract suites, pytest plugin: what users test their jobs with.

Must not know: the service, the command line.
"""
