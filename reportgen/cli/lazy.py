"""Import modules only when they are used, so that help and shell completion stay fast."""

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any


def imported(path: str) -> Any:
    """Import `package.module:name`."""
    module, _, name = path.partition(":")
    return attrgetter(name)(import_module(module))


def lazily(path: str) -> Callable[..., Any]:
    """Return a function that imports `package.module:name` and calls it."""

    def call(*args: Any, **values: Any) -> Any:
        return imported(path)(*args, **values)

    return call
