"""Import modules only when they are used, so that help and shell completion stay fast."""

import gc
from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any


def imported(path: str) -> Any:
    """Import `package.module:name`."""
    module, _, name = path.partition(":")
    gc.disable()
    try:
        found = import_module(module)
    finally:
        gc.enable()
    gc.freeze()  # modules stay to the end: to search them for garbage would only take time
    return attrgetter(name)(found)


def lazily(path: str) -> Callable[..., Any]:
    """Return a function that imports `package.module:name` and calls it."""

    def call(*args: Any, **values: Any) -> Any:
        return imported(path)(*args, **values)

    return call
