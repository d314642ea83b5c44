"""Options in, one call, exit code out: the only module that prints or exits."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click

from reportgen import __version__
from reportgen.errors import ReportError

if TYPE_CHECKING:  # what a command needs is imported when it runs: --help is to be quick
    from reportgen.build import Watcher, World
    from reportgen.settings import Settings


class _Voice:
    """What may be said aloud: no secret that was read, and nothing that a terminal would obey."""

    def __init__(self) -> None:
        self.secrets = [os.environ.get("ARKOR_REPORT_TOKEN", "")]

    def safe(self, text: str) -> str:
        """Make a text fit for stderr and stdout."""
        from reportgen import inert  # noqa: PLC0415
        from reportgen.redact import Redactor  # noqa: PLC0415

        return inert.terminal(Redactor(self.secrets).text(text))


_voice = _Voice()

Command = TypeVar("Command", bound=Callable[..., Any])

_FAILED: Final = 1
_ENVIRONMENT: Final = "ARKOR_REPORT_"


def _duration(_: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Read a duration option as seconds."""
    from reportgen.errors import UsageError  # noqa: PLC0415
    from reportgen.settings import duration  # noqa: PLC0415

    try:
        return None if value is None else duration(value)
    except UsageError as error:
        raise click.BadParameter(str(error), param=param) from error


def _log_lines(_: click.Context, param: click.Parameter, value: str) -> int | str:
    """Read a number of lines, or `all`."""
    if value == "all":
        return value
    if value.isascii() and value.isdecimal():
        return int(value)
    raise click.BadParameter(f"{value!r} is neither a number nor `all`.", param=param)


def _option(*names: str, **settings: Any) -> Callable[[Command], Command]:
    """Make an option that can also come from the variable ARKOR_REPORT_<OPTION>."""
    longest = max(names, key=len).partition("/")[0].lstrip("-")
    variable = _ENVIRONMENT + longest.replace("-", "_").upper()
    return click.option(*names, envvar=variable, **settings)


def _options(*options: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_where_jobs_come_from = _options(
    _option(
        "--source",
        "-s",
        type=click.Choice(["studio", "cloud", "demo"]),
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
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file that holds the secret; the variable ARKOR_REPORT_TOKEN may hold it "
        "itself.  [default: studio ~/.arkor/studio-token, cloud ~/.arkor/credentials.json]",
    ),
    _option("--org", metavar="SLUG", help="The cloud's org.  [default: .arkor/state.json's]"),
    _option(
        "--project", metavar="SLUG", help="The cloud's project.  [default: .arkor/state.json's]"
    ),
    _option(
        "--project-dir",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        show_default=True,
        help="Where .arkor/state.json and node_modules are.",
    ),
)

_which_source_was_fetched = _options(
    _option(
        "--source",
        "-s",
        type=click.Choice(["studio", "cloud", "demo"]),
        help="The source to show, as it was last fetched.  [default: the one fetched last]",
    ),
    _option("--url", metavar="URL", help="The server to show, where there were several."),
)

_which_jobs = _options(
    _option("--job", "-j", "job", metavar="ID", multiple=True, help="This job; repeatable."),
    _option("--name", metavar="GLOB", help="Jobs whose name matches, like 'support-*'."),
    _option("--status", metavar="S,…", help="Jobs that the list calls so, like failed,running."),
    _option(
        "--since",
        callback=_duration,
        metavar="DURATION",
        help="Jobs created within this time, like 7d.",
    ),
    _option("--limit", type=click.IntRange(min=0), metavar="N", help="Only the first N of these."),
)

_how_to_fetch = _options(
    _option(
        "--max-wait",
        callback=_duration,
        metavar="DURATION",
        help="How long in all to wait for jobs that have not ended.  [default: until they end]",
    ),
    _option(
        "--settle",
        callback=_duration,
        metavar="DURATION",
        default="2s",
        show_default=True,
        help="Once waiting is over: a stream quiet for this long has been read up.",
    ),
    _option(
        "--stall-timeout",
        callback=_duration,
        metavar="DURATION",
        default="90s",
        show_default=True,
        help="A followed stream without a byte for this long is reopened.",
    ),
    _option(
        "--retries",
        type=click.IntRange(min=0),
        default=8,
        show_default=True,
        help="A stream is given up at the Nth failure in a row.",
    ),
    _option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=16,
        show_default=True,
        help="Streams open at once.",
    ),
    _option("--refresh", is_flag=True, help="Fetch everything again."),
)

_where_it_is_kept = _options(
    _option(
        "--snapshot-dir",
        metavar="DIR",
        type=click.Path(file_okay=True, path_type=Path),
        default=".arkor-report",
        show_default=True,
        help="Where what was fetched is kept between builds.",
    ),
)

_how_it_looks = _options(
    _option(
        "--out",
        "-o",
        metavar="DIR",
        type=click.Path(path_type=Path),
        default="out",
        show_default=True,
        help="Where the report goes.",
    ),
    _option(
        "--log-lines",
        callback=_log_lines,
        metavar="N|all",
        default="50",
        show_default=True,
        help="Length of the log on a job's page.",
    ),
    _option("--title", default="Arkor report", show_default=True, help="The report's title."),
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
        default="UTC",
        show_default=True,
        help="Zone of the times on the pages, like Europe/Berlin.",
    ),
    _option(
        "--stale-after",
        callback=_duration,
        metavar="DURATION",
        default="24h",
        show_default=True,
        help="A page of what goes on says so when it is opened later than this.",
    ),
    _option(
        "--show-config",
        metavar="KEY",
        multiple=True,
        help="A config key to show besides the known ones; repeatable.",
    ),
)

_how_much_is_said = _options(
    _option("--quiet", "-q", is_flag=True, help="Say nothing but errors."),
    _option("--verbose", "-v", is_flag=True, help="Say more, and show where errors come from."),
    _option(
        "--progress/--no-progress",
        default=None,
        help="A live display or plain lines.  [default: live on a terminal]",
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="arkor-report", message="%(prog)s %(version)s")
def cli() -> None:
    r"""Keep what Arkor Studio shows: training jobs as self-contained HTML pages.

    \b
    arkor-report build                  report on the running Studio, into out/
    arkor-report build --source demo    try it: a recording of real training runs

    Every option can also come from a variable: --max-wait from ARKOR_REPORT_MAX_WAIT.
    """


@cli.command()
@_where_jobs_come_from
@_which_jobs
@_how_to_fetch
@_where_it_is_kept
@_how_it_looks
@_how_much_is_said
def build(**options: Any) -> None:
    """Snapshot, then render: the main job. Prints the path of the home page.

    Waits for jobs that have not ended, unless --max-wait says how long.
    """
    from reportgen.build import build as run  # noqa: PLC0415

    _fetching(options, run)


@cli.command()
@_where_jobs_come_from
@_which_jobs
@_how_to_fetch
@_where_it_is_kept
@_how_much_is_said
def snapshot(**options: Any) -> None:
    """Fetch only: the job list and every job's events. Prints the snapshot directory's path."""
    from reportgen.build import snapshot as run  # noqa: PLC0415

    _fetching(options, run)


@cli.command()
@_which_source_was_fetched
@_which_jobs
@_where_it_is_kept
@_how_it_looks
@_how_much_is_said
def render(**options: Any) -> None:
    """Pages only, from what was fetched last, without network. Prints the home page's path.

    Shows what the last snapshot selected, narrowed by the options given here, which judge by what
    the pages show.
    """
    from reportgen.build import render_only  # noqa: PLC0415

    source, url = options.pop("source"), options.pop("url")
    if url is not None:
        from reportgen.sources.http import BaseURL  # noqa: PLC0415

        url = BaseURL.parse(url).shown
    click.echo(render_only(_settings(options), source, url))


@cli.command()
@_where_jobs_come_from
@_how_much_is_said
def doctor(**options: Any) -> None:
    """Tell what a build would read and with what, and whether it can; never a secret's value."""
    from reportgen import settings  # noqa: PLC0415
    from reportgen.doctor import examine  # noqa: PLC0415
    from reportgen.errors import SourceError  # noqa: PLC0415

    environment = settings.environment()
    diagnosis = examine(
        _settings(options),
        environment,
        lambda: settings.now(environment),
        learn_secret=_voice.secrets.append,
    )
    for finding in diagnosis.findings:
        click.echo(f"{finding.what:<10}{_voice.safe(finding.found)}")
    if diagnosis.trouble is not None:
        raise SourceError(diagnosis.trouble)


def main() -> NoReturn:
    """Run the command, and end with its exit code."""
    verbose = {"-v", "--verbose"} & set(sys.argv) or os.environ.get(f"{_ENVIRONMENT}VERBOSE")
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.UsageError as error:
        code = error.exit_code
        _tell_usage(error)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = 130
    except ReportError as error:
        code = error.exit_code
        _complain(str(error), verbose=bool(verbose))
    except Exception as error:  # noqa: BLE001 - never a traceback where none was asked for
        code = _FAILED
        _complain(
            f"Something unforeseen went wrong: {type(error).__name__}: {error}. "
            "Run it again with -v to see where, and tell us.",
            verbose=bool(verbose),
        )
    with suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)


def _tell_usage(error: click.UsageError) -> None:
    """Tell in two lines what was wrong and where help is; all of it where nothing was asked."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return
    command = error.ctx.command_path if error.ctx else "arkor-report"
    click.echo(f"arkor-report: {_voice.safe(error.format_message())}", err=True)
    click.echo(f"Try `{command} --help`.", err=True)


def _complain(message: str, *, verbose: bool) -> None:
    click.echo(f"arkor-report: {_voice.safe(message)}", err=True)
    if verbose:
        for line in traceback.format_exc().splitlines():
            click.echo(_voice.safe(line), err=True)


def _fetching(options: dict[str, Any], run: "Callable[[Settings, World], Path]") -> None:
    """Run a command that fetches, with signals caught and its progress on stderr."""
    from reportgen import settings  # noqa: PLC0415
    from reportgen.build import World  # noqa: PLC0415
    from reportgen.fetch import Interrupted  # noqa: PLC0415
    from reportgen.interrupts import Interrupts  # noqa: PLC0415

    environment = settings.environment()
    settings.now(environment)  # a wrong SOURCE_DATE_EPOCH is told before any work
    interrupts = Interrupts()
    with interrupts.caught():
        world = World(
            now=lambda: settings.now(environment),
            environment=environment,
            interrupts=interrupts,
            watcher=_watcher(options),
            learn_secret=_voice.secrets.append,
        )
        with suppress(Interrupted):
            click.echo(run(_settings(options), world))
    if interrupts.exit_code is not None:
        click.echo("arkor-report: interrupted", err=True)
        click.get_current_context().exit(interrupts.exit_code)


def _watcher(options: dict[str, Any]) -> "Watcher":
    """Choose what stderr shows."""
    from reportgen import progress  # noqa: PLC0415

    if options["quiet"]:
        return progress.Quiet()
    live = options["progress"]
    if live or (live is None and sys.stderr.isatty()):
        from rich.console import Console  # noqa: PLC0415

        console = Console(stderr=True)
        return progress.Display(
            console,
            lambda line: console.print(_voice.safe(line), markup=False, highlight=False),
            _voice.safe,
            verbose=options["verbose"],
        )
    return progress.Plain(
        lambda line: click.echo(_voice.safe(line), err=True), verbose=options["verbose"]
    )


def _settings(options: dict[str, Any]) -> "Settings":
    """Join the options into one value; what a command does not take keeps its default."""
    from reportgen import settings  # noqa: PLC0415
    from reportgen.selection import Selection  # noqa: PLC0415

    given = {name: value for name, value in options.items() if value is not None}
    status, since = given.get("status"), given.get("since")
    selection = Selection(
        ids=tuple(given.get("job", ())),
        name=given.get("name"),
        statuses=frozenset() if status is None else settings.statuses(status),
        since=None if since is None else timedelta(seconds=since),
        limit=given.get("limit"),
    )
    if given.get("log_lines") == "all":
        given["log_lines"] = None
    if "show_config" in given:
        given["show_config"] = tuple(given["show_config"])
    settings.timezone(given.get("timezone", "UTC"))  # told before any work
    fields = settings.Settings.__dataclass_fields__
    return settings.Settings(
        selection=selection, **{name: value for name, value in given.items() if name in fields}
    )
