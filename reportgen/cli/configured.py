"""Commands and options whose values also come from variables and the configuration file.

The command line wins, then the variable ARKOR_REPORT_<OPTION>, then the file, then the default.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
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

_FILE: Final = "reportgen.configuration.file"
_FOUND: Final = "reportgen.configuration.found"
_IN_FORCE: Final = "reportgen.options.in_force"

_LOG_FORMATS: Final = ("text", "json")


@dataclass(frozen=True, slots=True)
class Given:
    """A setting in force: as it was written, as its final value, and where it comes from."""

    text: Any
    final: Any
    source: ParameterSource | None
    origin: str
    is_flag: bool


class Option(click.Option):
    """An option that can also come from a variable and from the configuration file."""

    @property
    def key(self) -> str:
        """Its name in the configuration file."""
        return max(self.opts, key=len).lstrip("-")

    @property
    def takes(self) -> str:
        """What the file may hold for it, a key of `configuration.KINDS`."""
        if self.is_flag:
            return "flag"
        if self.multiple:
            return "list"
        by_type: str | None = getattr(self.type, "takes", None)
        return by_type or ("number" if isinstance(self.type, click.IntRange) else "text")

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the final value; what was written is remembered, to be shown as such."""
        self._refuse_what_is_not_text(ctx, value)
        final = super().process_value(ctx, value)
        source = ctx.get_parameter_source(self.name or "")
        text = None if source is ParameterSource.DEFAULT and not self.show_default else value
        text = final if self.is_flag and not isinstance(value, str) else text
        given = Given(text, final, source, self._origin(ctx, source), self.is_flag)
        in_force(ctx)[self.key] = given
        return final

    def _refuse_what_is_not_text(self, ctx: click.Context, value: Any) -> None:
        """Raise `click.BadParameter` for bytes that are not text; a path may hold any."""
        values = value if isinstance(value, (list, tuple)) else (value,)
        if isinstance(self.type, click.Path):
            return
        for text in values:
            if isinstance(text, str) and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise click.BadParameter("it is not text in UTF-8.", ctx=ctx, param=self)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Name the place that a wrong value comes from."""
        source = None if ctx is None else ctx.get_parameter_source(self.name or "")
        if ctx is not None and source is ParameterSource.ENVIRONMENT:
            return self._origin(ctx, source)
        if ctx is not None and source is ParameterSource.DEFAULT_MAP:
            return f"'{self.key}' in {self._origin(ctx, source)}"
        return super().get_error_hint(ctx)

    def _origin(self, ctx: click.Context, source: ParameterSource | None) -> str:
        """Return where a value comes from: a variable's name, a file's path, or words."""
        match source:
            case ParameterSource.COMMANDLINE:
                return "command line"
            case ParameterSource.ENVIRONMENT:
                return str(self.envvar)
            case ParameterSource.DEFAULT_MAP:
                return str(configuration_file(ctx))
            case _:
                return "default"


class Command(click.Command):
    """A command whose options can also come from the configuration file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, and refuse what the values may not be together.

        Raises `click.UsageError`, `UsageError` or `WriteError`.
        """
        try:
            rest = super().parse_args(ctx, list(args))
        except (click.UsageError, UsageError):
            self._find_log_format(ctx, args)
            raise
        if not ctx.resilient_parsing:
            _refuse_what_a_found_file_may_not_set(ctx)
            _refuse_directories_that_clash(in_force(ctx))
        return rest

    def _find_log_format(self, ctx: click.Context, args: list[str]) -> None:
        """Parse on past the error as click does for completion, for the format to report it in."""
        ctx.resilient_parsing = ctx.ignore_unknown_options = True
        with suppress(click.UsageError):
            super().parse_args(ctx, list(args))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a Ctrl-C that it does not catch ends it silently."""
        session = ctx.find_object(Session)
        if session is not None:
            session.verbose = in_force(ctx)["verbose"].final
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            return _INTERRUPTED


_INTERRUPTED: Final = 130


def in_force(ctx: click.Context) -> dict[str, Given]:
    """Return the settings of the command at hand by key, in the order of processing."""
    settings: dict[str, Given] = ctx.meta.setdefault(_IN_FORCE, {})
    return settings


def configuration_file(ctx: click.Context) -> Path | None:
    """Return the configuration file that was read, or None."""
    file: Path | None = ctx.meta.get(_FILE)
    return file


# --- Callbacks of eager options ------------------------------------------------------------------


def use_log_format(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Have everything from here on reported in this format."""
    session = ctx.find_object(Session)
    if session is not None:
        session.as_json = value == "json"
    return value


def yield_to_the_token(
    ctx: click.Context, param: click.Parameter, token_file: Path | None
) -> Path | None:
    """Let the secret in its variable win over a token file that the command line does not name."""
    named = ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    if named or not os.environ.get(TOKEN_VARIABLE):
        return token_file
    ctx.set_parameter_source(param.name or "", ParameterSource.DEFAULT)
    return None


def read_configuration(
    ctx: click.Context, _param: click.Parameter, named: Path | None
) -> Path | None:
    """Make the configuration file's values the defaults. Raises `UsageError`."""
    found = named is None
    file = named or Path(ctx.params["project_dir"], CONFIGURATION_FILE)
    data = lazily("reportgen.cli.configuration:load")(file, found=found)
    if data is None:
        return named
    document = lazily("reportgen.cli.configuration:parse")(data, file)
    # Whatever else is wrong with the file, it is reported in the format that it asks for.
    if document.get("log-format") in _LOG_FORMATS:
        ctx.default_map = {"log_format": document["log-format"]}
    values = lazily("reportgen.cli.configuration:values")(document, file, _known_keys(ctx))
    ctx.meta[_FILE], ctx.meta[_FOUND] = file, values if found else {}
    ctx.default_map = {
        str(option.name): values[option.key]
        for option in _options(ctx.command)
        if option.key in values
    }
    _take_project_dir(ctx)
    return named


def _take_project_dir(ctx: click.Context) -> None:
    """Use the project directory that the file names; the file was found in the default one."""
    is_default = ctx.get_parameter_source("project_dir") is ParameterSource.DEFAULT
    value = (ctx.default_map or {}).get("project_dir")
    if value is not None and is_default:
        (option,) = (param for param in ctx.command.params if param.name == "project_dir")
        ctx.set_parameter_source("project_dir", ParameterSource.DEFAULT_MAP)
        ctx.params["project_dir"] = option.process_value(ctx, value)


def _options(command: click.Command) -> list[Option]:
    return [param for param in command.params if isinstance(param, Option)]


def _known_keys(ctx: click.Context) -> dict[str, str]:
    """Return what each key takes that any command knows: one file serves them all."""
    group = ctx.find_root().command
    commands = group.commands.values() if isinstance(group, click.Group) else [ctx.command]
    options = (option for command in commands for option in _options(command))
    return {option.key: option.takes for option in options if option.key != "config"}


# --- What the values may not be together ---------------------------------------------------------


def _refuse_what_a_found_file_may_not_set(ctx: click.Context) -> None:
    found: Mapping[str, Any] = ctx.meta.get(_FOUND, {})
    if not found:
        return
    given = in_force(ctx)
    obeyed = {
        key: value
        for key, value in found.items()
        if (
            given[key].source is ParameterSource.DEFAULT_MAP
            if key in given
            else not _is_in_environment(key)
        )
    }
    # A command that lacks the option can only be told by the variable.
    source = given["source"].final if "source" in given else os.environ.get(f"{PREFIX}SOURCE")
    trust.refuse_untrusted(ctx.meta[_FILE], obeyed, str(source or found.get("source") or "studio"))


def _is_in_environment(key: str) -> bool:
    if key == "token-file" and os.environ.get(TOKEN_VARIABLE):
        return True
    return bool(os.environ.get(PREFIX + key.replace("-", "_").upper()))


def _refuse_directories_that_clash(given: Mapping[str, Given]) -> None:
    for key in ("out", "snapshot-dir"):
        if key in given and given[key].source is ParameterSource.DEFAULT:
            trust.refuse_planted(given[key].final, f"--{key}")
    if "out" in given and "snapshot-dir" in given:
        trust.refuse_nested(given["out"].final, given["snapshot-dir"].final)
