"""What the operating system says of a file, as what the caller can do about it: try again, or stop."""

from __future__ import annotations

import errno

from asched.errors import LedgerError, LedgerUnavailable, LedgerUnusable

_PASSING = {
    errno.EAGAIN,
    errno.EDQUOT,
    errno.EIO,
    errno.EINTR,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.ENOSPC,
}


def refused_by_system(error: OSError, what: str, advice: str = "") -> LedgerError:
    kind = LedgerUnavailable if error.errno in _PASSING else LedgerUnusable
    return kind(f"{what} ({error.strerror})" + (f". {advice}" if advice else ""))
