"""Nothing, as a mapping: what all who have none share, for most jobs have none of most things."""

from __future__ import annotations

from typing import Any, NoReturn


class _Nothing(dict[Any, Any]):
    """An empty dict that stays empty: whoever wants to put something in makes one of his own."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this empty mapping is shared: make one of your own")

    __setitem__ = __ior__ = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        """It is a value, and may be a default."""
        return 0

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()
