"""`arkor-report config`: a table of the settings in effect and where their values come from."""

import os
import re
import sys
from typing import Any, Final

import click

from reportgen.cli.configured import TOKEN_VARIABLE, configuration_file, options_of, written
from reportgen.cli.session import Session
from reportgen.settings import CLOUD_URL, STUDIO_URL
from reportgen.sources import credentials

# Also match malformed URLs, so that their passwords are not shown.
_USER_INFO: Final = re.compile(r"(?<![^\s/])[^\s/@]*:[^\s/@]*@")


def config(session: Session, **_settings: object) -> None:
    """Print the settings in effect and where their values come from."""
    ctx = click.get_current_context()
    texts, defaults = written(ctx), _defaults(ctx)
    rows = [
        (key, _shown(texts[key], defaults.get(key, "none")), option.set_by(ctx))
        for key, option in options_of(ctx.command).items()
    ]
    token = "set" if os.environ.get(TOKEN_VARIABLE) else "not set"
    table = [("setting", "value", "from"), *rows, ("token", token, TOKEN_VARIABLE)]
    safe = [tuple(map(session.stderr.safe, row)) for row in table]
    widths = [max(map(len, column)) for column in zip(*safe, strict=True)]
    for row in safe:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{'  '.join(cells).rstrip()}\n")


def _shown(text: Any, otherwise: str) -> str:
    """Return a value as written; `otherwise` is what applies without a value."""
    match text:
        case None | ():
            return otherwise
        case bool():
            return "true" if text else "false"
        case list() | tuple():
            return ", ".join(map(str, text))
        case _:
            return _USER_INFO.sub("", str(text))


def _defaults(ctx: click.Context) -> dict[str, str]:
    """Return what applies to options without a value, unless that is always `none`."""
    source = ctx.params["kind"]
    urls = {"studio": STUDIO_URL, "cloud": CLOUD_URL}
    file = configuration_file(ctx)
    scope = ".arkor/state.json's" if source == "cloud" else "none"
    return {
        "url": urls.get(source, "none"),
        "token-file": credentials.place(source, None, os.environ) if source != "demo" else "none",
        "org": scope,
        "project": scope,
        "job": "all",
        "max-wait": "until they end",
        "keep": "all",
        "keep-last": "all",
        "progress": "live on a terminal, but for CI",
        "config": "none" if file is None else str(file),
    }
