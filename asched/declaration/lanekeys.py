"""The arguments that a job's `key` names: given in args, or else the function's own defaults."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence

from asched.core.action import Action, Function
from asched.declaration.faults import Fault, did_you_mean, shown


def with_key_defaults(
    action: Action | None, key: Sequence[str], args: Mapping[str, object], faults: list[Fault]
) -> Mapping[str, object]:
    """The arguments, with the defaults of those that `key` names and `args` do not. Runs without the argument would all
    be one lane, unseen. (`run` and `upstream` may still give another value.)"""
    if not key:
        return args
    defaults = _defaults(action)
    missing = [name for name in key if name not in args]
    unknown = [name for name in missing if name not in defaults]
    if unknown:
        help = did_you_mean(unknown[0], [*args, *defaults]) or "give it in args"
        faults.append(Fault(("key",), f'key names "{unknown[0]}", which is none of its args, nor has a default', help))
    for name in missing:
        if name in defaults and not _is_plain(defaults[name]):
            message = f'key names "{name}", whose default {shown(defaults[name])} is no value to tell lanes by'
            faults.append(Fault(("key",), message, "give it in args"))
    return {**{name: defaults[name] for name in missing if name in defaults}, **args}


def _defaults(action: Action | None) -> dict[str, object]:
    if not isinstance(action, Function):
        return {}
    try:
        parameters = inspect.signature(action.call).parameters
    except (TypeError, ValueError):  # some builtins have none
        return {}
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {
        name: one.default
        for name, one in parameters.items()
        if one.kind in by_name and one.default is not one.empty and name != action.run_parameter
    }


def _is_plain(value: object) -> bool:
    """What the ledger can keep with the job's definition, the same at every start."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True
