"""`python -m asched` is `asched`."""

from asched.cli import main

main()
