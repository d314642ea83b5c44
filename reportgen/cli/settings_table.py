"""The table that `arkor-report config` prints: each setting in force and where it comes from."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import click

from reportgen.cli import configured
from reportgen.cli.configured import Given, Option
from reportgen.sources import cloud, credentials

# Also of a URL that is written wrong: a password would be shown with it.
_USER_INFO: Final = re.compile(r"(?<![^\s/])[^\s/@]*:[^\s/@]*@")


def lines(
    ctx: click.Context, environment: Mapping[str, str], safe: Callable[[str], str]
) -> list[str]:
    """Return the table's lines, a heading first; `safe` makes a cell fit to be shown."""
    defaults, settings = _defaults(ctx, environment), configured.in_force(ctx)
    keys = [param.key for param in ctx.command.params if isinstance(param, Option)]
    rows = [
        (key, _shown(settings[key], defaults.get(key, "none")), settings[key].origin)
        for key in keys
    ]
    variable = credentials.TOKEN_VARIABLE
    rows.append(("token", "set" if environment.get(variable) else "not set", variable))
    safe_rows = [tuple(map(safe, row)) for row in rows]
    return _table([("setting", "value", "from"), *safe_rows])


def _shown(given: Given, otherwise: str) -> str:
    """Return a value as it was written; `otherwise` is what holds without one."""
    match given.final, given.text:
        case _, None | ():
            return otherwise
        case bool(), bool():
            return "true" if given.final else "false"
        case bool(), _ if given.is_flag:
            return "true" if given.final else "false"
        case _, list() | tuple():
            return ", ".join(map(str, given.text))
        case _:
            return _USER_INFO.sub("", str(given.text))


def _defaults(ctx: click.Context, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what holds for options without a value, if that is something."""
    source = configured.in_force(ctx)["source"].final
    urls = {"studio": "http://127.0.0.1:4000 to 4009", "cloud": cloud.DEFAULT_URL}
    file = configured.configuration_file(ctx)
    scope = ".arkor/state.json's" if source == "cloud" else "none"
    return {
        "url": urls.get(source, "none"),
        "token-file": credentials.place(source, None, environment) if source != "demo" else "none",
        "org": scope,
        "project": scope,
        "job": "all",
        "max-wait": "until they end",
        "keep": "all",
        "keep-last": "all",
        "progress": "live on a terminal, but for CI",
        "config": "none" if file is None else str(file),
    }


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
