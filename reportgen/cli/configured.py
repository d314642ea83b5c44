"""Commands and options whose values can also come from variables and the configuration file.

The command line wins, then the variable ARKOR_REPORT_<OPTION>, then the file, then the default.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from reportgen.cli import trust
from reportgen.cli.lazy import lazily
from reportgen.cli.session import Session
from reportgen.errors import UsageError

PREFIX: Final = "ARKOR_REPORT_"
TOKEN_VARIABLE: Final = f"{PREFIX}TOKEN"
CONFIGURATION_FILE: Final = "arkor-report.toml"
INTERRUPTED: Final = 130

_FILE: Final = "reportgen.configuration.file"
_FOUND: Final = "reportgen.configuration.found"
_WRITTEN: Final = "reportgen.options.written"


class Option(click.Option):
    """An option that can also come from a variable and from the configuration file."""

    @property
    def key(self) -> str:
        """The option's name in the configuration file."""
        return max(self.opts, key=len).lstrip("-")

    @property
    def takes(self) -> str:
        """The kind of value that it accepts in the file, a key of `configuration.KINDS`."""
        if self.is_flag:
            return "flag"
        return "list" if self.multiple else getattr(self.type, "takes", "text")

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the final value; the value as written is kept for `config` to show."""
        self._refuse_what_is_not_text(ctx, value)
        final = super().process_value(ctx, value)
        is_shown = self.show_default or self._source(ctx) is not ParameterSource.DEFAULT
        written(ctx)[self.key] = final if self.is_flag else value if is_shown else None
        return final

    def _refuse_what_is_not_text(self, ctx: click.Context, value: Any) -> None:
        """Raise `click.BadParameter` for bytes that are not text, except in a path."""
        values = value if isinstance(value, list | tuple) else (value,)
        if isinstance(self.type, click.Path):
            return
        for text in values:
            if isinstance(text, str) and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise click.BadParameter("it is not text in UTF-8.", ctx=ctx, param=self)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return where an invalid value comes from."""
        match ctx and self._source(ctx):
            case ParameterSource.ENVIRONMENT:
                return str(self.envvar)
            case ParameterSource.DEFAULT_MAP if ctx:
                return f"'{self.key}' in {configuration_file(ctx)}"
            case _:
                return super().get_error_hint(ctx)

    def set_by(self, ctx: click.Context) -> str:
        """Return where the value was set: `command line`, a variable, a file, or `default`."""
        match self._source(ctx):
            case ParameterSource.COMMANDLINE:
                return "command line"
            case ParameterSource.ENVIRONMENT:
                return str(self.envvar)
            case ParameterSource.DEFAULT_MAP:
                return str(configuration_file(ctx))
            case _:
                return "default"

    def _source(self, ctx: click.Context) -> ParameterSource | None:
        return ctx.get_parameter_source(self.name or "")


class Command(click.Command):
    """A command whose options can also come from the configuration file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, and refuse conflicting or untrusted values.

        Raises `click.UsageError`, `UsageError` or `WriteError`.
        """
        try:
            rest = super().parse_args(ctx, list(args))
        except (click.UsageError, UsageError):
            self._find_log_format(ctx, args)
            raise
        if not ctx.resilient_parsing:
            _refuse_what_a_found_file_may_not_set(ctx)
            _refuse_directories_that_clash(ctx)
        return rest

    def _find_log_format(self, ctx: click.Context, args: list[str]) -> None:
        """Continue parsing past an error, as for completion, to find the format to report it in."""
        ctx.resilient_parsing = ctx.ignore_unknown_options = True
        with suppress(click.UsageError):
            super().parse_args(ctx, list(args))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an uncaught Ctrl-C ends it without a message."""
        session = ctx.find_object(Session)
        if session is not None:
            session.verbose = ctx.params["verbose"]
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            return INTERRUPTED


def options_of(command: click.Command) -> dict[str, Option]:
    """Return a command's options by key."""
    return {param.key: param for param in command.params if isinstance(param, Option)}


def written(ctx: click.Context) -> dict[str, Any]:
    """Return each setting as written, by key; None for a default that is not shown."""
    texts: dict[str, Any] = ctx.meta.setdefault(_WRITTEN, {})
    return texts


def configuration_file(ctx: click.Context) -> Path | None:
    """Return the configuration file that was read, or None."""
    file: Path | None = ctx.meta.get(_FILE)
    return file


# --- Callbacks of eager options ------------------------------------------------------------------


def use_log_format(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Use this format for all messages from now on."""
    session = ctx.find_object(Session)
    if session is not None:
        session.as_json = value == "json"
    return value


def yield_to_the_token(
    ctx: click.Context, param: click.Parameter, token_file: Path | None
) -> Path | None:
    """Prefer the token's variable to a token file, unless the command line names the file."""
    named = ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    if named or not os.environ.get(TOKEN_VARIABLE):
        return token_file
    ctx.set_parameter_source(param.name or "", ParameterSource.DEFAULT)
    return None


def read_configuration(ctx: click.Context, _param: click.Parameter, named: Path | None) -> None:
    """Use the configuration file's values as defaults. Raises `UsageError`."""
    found = named is None
    file = named or Path(ctx.params["project_dir"], CONFIGURATION_FILE)
    document = lazily("reportgen.cli.configuration:load")(file, found=found)
    if document is None:
        return
    # Any other error in the file is reported in the format that the file sets.
    if document.get("log-format") in ("text", "json"):
        ctx.default_map = {"log_format": document["log-format"]}
    values = lazily("reportgen.cli.configuration:values")(document, file, _known_keys(ctx))
    ctx.meta[_FILE], ctx.meta[_FOUND] = file, values if found else {}
    options = options_of(ctx.command)
    ctx.default_map = {
        str(option.name): values[key] for key, option in options.items() if key in values
    }
    # The file was found in the default project directory, but may set a different one.
    is_default = ctx.get_parameter_source("project_dir") is ParameterSource.DEFAULT
    if "project-dir" in values and is_default:
        ctx.set_parameter_source("project_dir", ParameterSource.DEFAULT_MAP)
        option = options["project-dir"]
        ctx.params["project_dir"] = option.process_value(ctx, values["project-dir"])


def _known_keys(ctx: click.Context) -> dict[str, str]:
    """Return each key's kind, for all commands, since one file serves them all."""
    group = ctx.find_root().command
    commands = group.commands.values() if isinstance(group, click.Group) else [ctx.command]
    options = {key: option for command in commands for key, option in options_of(command).items()}
    return {key: option.takes for key, option in options.items() if key != "config"}


# --- Conflicting or untrusted values -------------------------------------------------------------


def _refuse_what_a_found_file_may_not_set(ctx: click.Context) -> None:
    found: dict[str, Any] = ctx.meta.get(_FOUND, {})
    options = options_of(ctx.command)
    obeyed = {
        key: value
        for key, value in found.items()
        if (
            ctx.get_parameter_source(options[key].name or "") is ParameterSource.DEFAULT_MAP
            if key in options
            else not _is_in_environment(key)
        )
    }
    # For a command without the option, only the variable can override the file.
    source = ctx.params["kind"] if "source" in options else os.environ.get(f"{PREFIX}SOURCE")
    if obeyed:
        source = str(source or found.get("source") or "studio")
        trust.refuse_untrusted(ctx.meta[_FILE], obeyed, source)


def _is_in_environment(key: str) -> bool:
    if key == "token-file" and os.environ.get(TOKEN_VARIABLE):
        return True
    return bool(os.environ.get(PREFIX + key.replace("-", "_").upper()))


def _refuse_directories_that_clash(ctx: click.Context) -> None:
    named = {name: ctx.params[name] for name in ("out", "snapshot_dir") if name in ctx.params}
    for name, directory in named.items():
        if ctx.get_parameter_source(name) is ParameterSource.DEFAULT:
            trust.refuse_planted(directory, f"--{name.replace('_', '-')}")
    if len(named) > 1:
        trust.refuse_nested(*named.values())
