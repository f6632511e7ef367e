"""The exit codes of asched: of the service, and of every verb of the command line. docs/reference/cli.md lists them."""

OK = 0
FAILED = 1  # the run failed, what was asked about is not well
USAGE = 2  # of the command line
NOT_FOUND = 3  # no such job, run or ledger
CONFIGURATION = 4  # what was asked for cannot be loaded
UNREACHABLE = 5  # no service answers
REFUSED = 6  # understood, and not done
LEDGER = 65  # the ledger is unusable, for good
FAULT = 70  # of our own
IO = 74  # input or output failed
UNAVAILABLE = 75  # the ledger is, for now
TIMED_OUT = 124  # the run did
INTERRUPTED = 130  # by SIGINT
TERMINATED = 143  # by SIGTERM
