"""The options of all commands: what each takes, and where its value comes from.

A value comes from the command line, else from the variable ARKOR_REPORT_<OPTION>, else from the
configuration file, else it is the default.
"""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from reportgen.cli.parameters import PathType
from reportgen.errors import UsageError

if TYPE_CHECKING:  # --help is to be quick
    from reportgen.cli.configuration import Takes

PREFIX: Final = "ARKOR_REPORT_"
CONFIGURATION_FILE: Final = "arkor-report.toml"

LOG_FORMATS: Final = ("text", "json")

_FILE: Final = "reportgen.configuration.file"
_FOUND: Final = "reportgen.configuration.found"
_AS_GIVEN: Final = "reportgen.options.as_given"

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Option(click.Option):
    """An option that can also come from a variable and from the configuration file.

    `takes` says what the file may hold for it, where the option's type does not tell.
    """

    def __init__(self, *args: Any, takes: "Takes | None" = None, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.takes = takes or _takes(self)
        self.key = max(self.opts, key=len).lstrip("-")

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Convert a value; what was given is remembered, to be told as it was written."""
        ctx.meta.setdefault(_AS_GIVEN, {})[self.key] = value
        self._refuse_what_is_no_text(ctx, value)
        return super().process_value(ctx, value)

    def _refuse_what_is_no_text(self, ctx: click.Context, value: Any) -> None:
        """Raise `click.BadParameter` for bytes that are no text; a path may hold any."""
        values = value if isinstance(value, (list, tuple)) else (value,)
        if isinstance(self.type, click.Path):
            return
        for text in values:
            if isinstance(text, str) and any("\ud800" <= sign <= "\udfff" for sign in text):
                raise click.BadParameter("it is no text in UTF-8.", ctx=ctx, param=self)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Name the place that a wrong value comes from."""
        source = None if ctx is None or self.name is None else ctx.get_parameter_source(self.name)
        if ctx is not None and source in _FROM_ELSEWHERE:
            return f"'{self.key}' in {origin(ctx, self)}" if source is _MAP else origin(ctx, self)
        return super().get_error_hint(ctx)


_MAP: Final = click.core.ParameterSource.DEFAULT_MAP
_FROM_ELSEWHERE: Final = (click.core.ParameterSource.ENVIRONMENT, _MAP)


def _takes(option: click.Option) -> "Takes":
    if option.is_flag:
        return "flag"
    if option.multiple:
        return "list"
    if isinstance(option.type, click.Path):
        return "path"
    return "number" if isinstance(option.type, click.IntRange) else "text"


class Command(click.Command):
    """A command whose options can also come from the configuration file."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line, and refuse what the values may not be together.

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
        """Go on past the error as click does for completion, for the format to report it in."""
        ctx.resilient_parsing = ctx.ignore_unknown_options = True
        with suppress(click.UsageError):
            super().parse_args(ctx, list(args))


def read_configuration(
    ctx: click.Context, _param: click.Parameter, named: Path | None
) -> Path | None:
    """Make the configuration file's values the defaults. Raises `UsageError`."""
    found = named is None
    file = named or Path(ctx.params["project_dir"], CONFIGURATION_FILE)
    from reportgen.cli import configuration  # noqa: PLC0415

    data = configuration.load(file, found=found)
    if data is None:
        return named
    document = configuration.parse(data, file)
    # Whatever else is wrong with the file, it is reported in the format that it asks for.
    if document.get("log-format") in LOG_FORMATS:
        ctx.default_map = {"log_format": document["log-format"]}
    values = configuration.values(document, file, _takes_of_all(ctx))
    ctx.meta[_FILE], ctx.meta[_FOUND] = file, values if found else {}
    options = [option for option in ctx.command.params if isinstance(option, Option)]
    ctx.default_map = {
        option.name: values[option.key]
        for option in options
        if option.name and option.key in values
    }
    _take_project_dir(ctx)
    return named


def _use_log_format(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    """Have everything from here on reported in this format."""
    if ctx.obj is not None:
        ctx.obj.as_json = value == "json"
    return value


def _take_project_dir(ctx: click.Context) -> None:
    """Take the project directory from the file, which was looked for in the default one."""
    source = click.core.ParameterSource
    default_map = ctx.default_map or {}
    if (
        "project_dir" not in default_map
        or ctx.get_parameter_source("project_dir") is not source.DEFAULT
    ):
        return
    (option,) = (param for param in ctx.command.params if param.name == "project_dir")
    ctx.set_parameter_source("project_dir", source.DEFAULT_MAP)
    ctx.params["project_dir"] = option.process_value(ctx, default_map["project_dir"])


def _refuse_what_a_found_file_may_not_set(ctx: click.Context) -> None:
    found: Mapping[str, Any] = ctx.meta.get(_FOUND, {})
    if found:
        from reportgen.cli import trust  # noqa: PLC0415

        in_force = {key: value for key, value in found.items() if not _is_overridden(ctx, key)}
        source = ctx.params.get("source") or _variable("source") or found.get("source") or "studio"
        trust.refuse_untrusted(ctx.meta[_FILE], in_force, str(source))


def _is_overridden(ctx: click.Context, key: str) -> bool:
    """Return whether the command line or a variable overrides a key of the file.

    A command that lacks the option can only be told by the variable.
    """
    name = key.replace("-", "_")
    if any(param.name == name for param in ctx.command.params):
        return ctx.get_parameter_source(name) is not _MAP
    return bool(_variable(key))


def _variable(key: str) -> str | None:
    return os.environ.get(PREFIX + key.replace("-", "_").upper())


def _refuse_directories_that_clash(ctx: click.Context) -> None:
    from reportgen.cli import trust  # noqa: PLC0415

    for name in ("out", "snapshot_dir"):
        if ctx.get_parameter_source(name) is click.core.ParameterSource.DEFAULT:
            trust.refuse_planted(ctx.params[name], f"--{name.replace('_', '-')}")
    if "out" in ctx.params and "snapshot_dir" in ctx.params:
        trust.refuse_nested(ctx.params["out"], ctx.params["snapshot_dir"])


def _takes_of_all(ctx: click.Context) -> "dict[str, Takes]":
    """Give the keys that any command knows: one file serves them all."""
    group = ctx.find_root().command
    commands = group.commands.values() if isinstance(group, click.Group) else [ctx.command]
    return {
        option.key: option.takes
        for command in commands
        for option in command.params
        if isinstance(option, Option) and option.key != "config"
    }


def configuration_file(ctx: click.Context) -> Path | None:
    """Give the configuration file that was read, or None."""
    file: Path | None = ctx.meta.get(_FILE)
    return file


def as_given(ctx: click.Context, option: Option) -> Any:
    """Give a value as it was written, before it was converted."""
    return ctx.meta[_AS_GIVEN][option.key]


def origin(ctx: click.Context, option: Option) -> str:
    """Say where a value comes from: a variable's name, a file's path, or the words for others."""
    source = click.core.ParameterSource
    match ctx.get_parameter_source(option.name or ""):
        case source.COMMANDLINE:
            return "command line"
        case source.ENVIRONMENT:
            return str(option.envvar)
        case source.DEFAULT_MAP:
            return str(configuration_file(ctx))
        case _:
            return "default"


# --- Values --------------------------------------------------------------------------------------


def _read(convert: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Make a callback that converts a text, and tells what is wrong as click does."""

    def callback(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
        try:
            return None if value is None else convert(value)
        except UsageError as error:
            name = max(param.opts, key=len)
            words = str(error).removeprefix(name).lstrip(": ")
            raise click.BadParameter(words, ctx=ctx, param=param) from error

    return callback


def _duration(text: str) -> float:
    from reportgen.settings import duration  # noqa: PLC0415

    return duration(text)


def _statuses(text: str) -> frozenset[str]:
    from reportgen.settings import statuses  # noqa: PLC0415

    return statuses(text)


def _zone(text: str) -> str:
    from reportgen.settings import timezone  # noqa: PLC0415

    return timezone(text).key


def _log_lines(text: str) -> int | str:
    if text == "all":
        return text
    if text.isascii() and text.isdecimal() and len(text) < _MOST_DIGITS:
        return int(text)
    raise UsageError(f"{text!r} is neither a number nor `all`.")


_MOST_DIGITS: Final = 16


def _shard(text: str) -> tuple[int, int]:
    from reportgen.model.selection import parse_shard  # noqa: PLC0415

    return parse_shard(text)


def _report_url(text: str) -> str:
    from reportgen.exports.summary_md import base_url  # noqa: PLC0415

    return base_url(text)


def _rules(text: str) -> Any:
    from reportgen.report.gates import parse  # noqa: PLC0415

    return parse(text)


# --- The options ---------------------------------------------------------------------------------


def _option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Make an option that can also come from the variable ARKOR_REPORT_<OPTION>."""
    longest = max(names, key=len).partition("/")[0].lstrip("-")
    variable = PREFIX + longest.replace("-", "_").upper()
    return click.option(*names, cls=Option, envvar=variable, **settings)


def _duration_option(name: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    return _option(
        name, callback=_read(_duration), metavar="DURATION", takes="duration", **settings
    )


def _options(*options: Callable[[Any], Any]) -> Callable[[Decorated], Decorated]:
    def add(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_SOURCES: Final = click.Choice(["studio", "cloud", "demo"])

where_jobs_come_from = _options(
    _option(
        "--source",
        "-s",
        type=_SOURCES,
        default="studio",
        show_default=True,
        help="Where jobs come from; `demo` is a recording inside the package, no network.",
    ),
    _option(
        "--url",
        metavar="URL",
        help="The server's base URL.  [default: studio http://127.0.0.1:4000, cloud "
        "https://api.arkor.ai]",
    ),
    _option(
        "--token-file",
        metavar="FILE",
        type=PathType(dir_okay=False),
        help="The file that holds the secret; the variable ARKOR_REPORT_TOKEN may hold it "
        "itself.  [default: studio ~/.arkor/studio-token, cloud ~/.arkor/credentials.json]",
    ),
    _option("--org", metavar="SLUG", help="The cloud's org.  [default: .arkor/state.json's]"),
    _option(
        "--project", metavar="SLUG", help="The cloud's project.  [default: .arkor/state.json's]"
    ),
)

which_source_was_fetched = _options(
    _option(
        "--source",
        "-s",
        type=_SOURCES,
        help="The source to show, as it was last fetched.  [default: the one fetched last]",
    ),
    _option("--url", metavar="URL", help="The server to show, where there were several."),
)

which_jobs = _options(
    _option(
        "--job",
        "-j",
        "job",
        metavar="ID",
        multiple=True,
        help="This job; repeatable. In ARKOR_REPORT_JOB blanks part one id from the next.",
    ),
    _option("--name", metavar="GLOB", help="Jobs whose name matches, like 'support-*'."),
    _option(
        "--status",
        metavar="S,…",
        callback=_read(_statuses),
        takes="words",
        help="Jobs that the list calls so, like failed,running.",
    ),
    _duration_option("--since", help="Jobs created within this time, like 7d."),
    _option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the first N of these."),
    _option(
        "--shard",
        metavar="I/N",
        callback=_read(_shard),
        help="Of these the Ith of N shares, by a hash of the id, like 1/3.",
    ),
)

which_jobs_are_kept = _options(
    _duration_option(
        "--keep",
        help="Drop jobs that ended longer ago than this, from snapshot directory and report.  "
        "[default: keep all]",
    ),
    _option(
        "--keep-last",
        type=click.IntRange(min=0),
        metavar="N",
        help="Drop jobs that have ended but for the last N; with --keep, what either keeps stays.",
    ),
)

how_to_fetch = _options(
    _duration_option(
        "--max-wait",
        help="How long in all to wait for jobs that have not ended.  [default: until they end]",
    ),
    _duration_option(
        "--settle",
        default="2s",
        show_default=True,
        help="Once waiting is over: a stream quiet for this long has been read up.",
    ),
    _duration_option(
        "--stall-timeout",
        default="90s",
        show_default=True,
        help="A followed stream without a byte for this long is reopened.",
    ),
    _option(
        "--retries",
        type=click.IntRange(min=0),
        default=8,
        show_default=True,
        metavar="N",
        help="A stream is given up at the Nth failure in a row.",
    ),
    _option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=16,
        show_default=True,
        metavar="N",
        help="Streams open at once.",
    ),
    _option("--refresh", is_flag=True, help="Fetch everything again."),
)

where_it_is_kept = _options(
    _option(
        "--snapshot-dir",
        metavar="DIR",
        type=PathType(),
        default=".arkor-report",
        show_default=True,
        help="Where what was fetched is kept between builds.",
    ),
)

how_it_looks = _options(
    _option(
        "--out",
        "-o",
        metavar="DIR",
        type=PathType(),
        default="out",
        show_default=True,
        help="Where the report goes.",
    ),
    _option(
        "--log-lines",
        callback=_read(_log_lines),
        takes="lines",
        metavar="N|all",
        default="50",
        show_default=True,
        help="Length of the log on a job's page.",
    ),
    _option(
        "--single-file", is_flag=True, help="Also write report.html: home and all jobs in one file."
    ),
    _option(
        "--layout",
        type=click.Choice(["inline", "linked"]),
        default="inline",
        show_default=True,
        help="`linked`: style and script in files of their own, for hosts that strip inline ones.",
    ),
    _option(
        "--title",
        metavar="TEXT",
        default="Arkor report",
        show_default=True,
        help="The report's title.",
    ),
    _option(
        "--theme",
        type=click.Choice(["auto", "light", "dark"]),
        default="auto",
        show_default=True,
        help="Colours; `auto` follows the reader's system.",
    ),
    _option(
        "--timezone",
        metavar="ZONE",
        callback=_read(_zone),
        default="UTC",
        show_default=True,
        help="Zone of the times on the pages, like Europe/Berlin.",
    ),
    _duration_option(
        "--stale-after",
        default="24h",
        show_default=True,
        help="A page of what goes on says so when it is opened later than this.",
    ),
    _option(
        "--show-config",
        metavar="KEY",
        multiple=True,
        help="A config key to show besides the known ones; repeatable. In "
        "ARKOR_REPORT_SHOW_CONFIG blanks part one key from the next.",
    ),
    _option(
        "--report-url",
        callback=_read(_report_url),
        metavar="URL",
        help="Where the report will stand: summary.md then links to it.",
    ),
)

what_ci_is_told = _options(
    _option(
        "--strict",
        is_flag=True,
        help="Exit 4 if any stream was not read to its end; the report is written all the same.",
    ),
    _option(
        "--fail-on",
        metavar="RULE,…",
        callback=_read(_rules),
        takes="words",
        help="Exit 5 if a job meets a rule: a status like failed, incomplete, nan, loss>N, "
        "eval-loss>N; the report is written all the same.",
    ),
    _option(
        "--no-github",
        is_flag=True,
        help="Leave $GITHUB_STEP_SUMMARY and annotations alone.",
    ),
)

where_settings_are = _options(
    # Where the file is looked for must be known before it is read.
    _option(
        "--project-dir",
        metavar="DIR",
        type=PathType(file_okay=False),
        default=".",
        show_default=True,
        is_eager=True,
        help=f"Where {CONFIGURATION_FILE}, .arkor/state.json and node_modules are.",
    ),
    _option(
        "--config",
        metavar="FILE",
        type=PathType(),
        is_eager=True,
        callback=read_configuration,
        help='A file that sets options, by their names: max-wait = "10m".  [default: '
        f"{CONFIGURATION_FILE} in the project directory, if it is there]",
    ),
)

how_much_is_said = _options(
    _option("--quiet", "-q", is_flag=True, help="Say nothing but errors."),
    _option("--verbose", "-v", is_flag=True, help="Say more, and show where errors come from."),
    _option(
        "--progress/--no-progress",
        default=None,
        help="A live display or plain lines.  [default: live on a terminal, but for CI]",
    ),
    _option(
        "--log-format",
        type=click.Choice(LOG_FORMATS),
        default="text",
        is_eager=True,
        callback=_use_log_format,
        show_default=True,
        help="`json`: all that stderr says as JSON objects, one a line.",
    ),
)

of_a_build = _options(
    where_jobs_come_from,
    which_jobs,
    which_jobs_are_kept,
    how_to_fetch,
    where_it_is_kept,
    how_it_looks,
    what_ci_is_told,
    where_settings_are,
    how_much_is_said,
)
