"""Options in, one call, exit code out: the only module that prints or exits."""

import gc
import os
import sys
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from reportgen import __version__
from reportgen.cli import options
from reportgen.errors import ReportError, UsageError

if TYPE_CHECKING:  # what a command needs is imported when it runs: --help is to be quick
    from collections.abc import Callable
    from datetime import datetime

    from reportgen.build import Watcher, World
    from reportgen.cli.configuration import InForce
    from reportgen.console.messages import Record
    from reportgen.rendering.render import Rendered
    from reportgen.settings import Settings
    from reportgen.text.secrets import Secrets

_FAILED: Final = 1
_INTERRUPTED: Final = 130
_YOUNG: Final = 10_000
"""After how many new objects to look for garbage: nearly all live as long as what they are of."""
_TOKEN_VARIABLE: Final = f"{options.PREFIX}TOKEN"


class _Voice:
    """What may be said aloud: no secret that was read, and nothing that a terminal would obey.

    Everything on stderr passes here: lines for people or, with `--log-format json`, JSON objects.
    """

    def __init__(self) -> None:
        self.as_json = False
        self.verbose = False

    @cached_property
    def secrets(self) -> "Secrets":
        """The secrets of this run, the variable's first."""
        from reportgen.text.secrets import Secrets  # noqa: PLC0415

        return Secrets([os.environ.get(_TOKEN_VARIABLE, "").strip()])

    def safe(self, text: str) -> str:
        """Make a text fit for stderr and stdout."""
        from reportgen.text import inert  # noqa: PLC0415

        return inert.terminal(self.redacted(text))

    def redacted(self, text: str) -> str:
        """Take secrets out of a text."""
        return self.secrets.redactor.text(text)

    def now(self) -> "datetime":
        """Give the time in the zone that the user lives in: lines are read as they appear."""
        from datetime import datetime  # noqa: PLC0415

        return datetime.now().astimezone()

    def line(self, record: "Record", *, colour: bool = False) -> str:
        """Make the line that tells of something."""
        from reportgen.console import messages  # noqa: PLC0415

        if self.as_json:
            return messages.json_line(record, self.redacted)
        return messages.text_line(record, self.safe, colour=colour)

    def tell(self, record: "Record") -> None:
        """Tell of something as it happens."""
        from reportgen.console import messages  # noqa: PLC0415

        colour = messages.in_colour(os.environ, terminal=sys.stderr.isatty())
        click.echo(self.line(record, colour=colour), err=True, color=True)

    def end(self, event: str, message: str, *, hint: str = "", trace: str = "") -> None:
        """Tell why the command ends: in two lines at most, and where the error comes from."""
        from reportgen.console.messages import ERROR, Record, bounded  # noqa: PLC0415

        if self.as_json:
            details = {"hint": hint, "traceback": trace}
            told = {name: words for name, words in details.items() if words}
            self.tell(Record(self.now(), ERROR, event, message, details=told))
            return
        for line in (f"arkor-report: {message}", hint, *trace.splitlines()):
            if line:
                click.echo(bounded(self.safe(line)), err=True)

    def raw(self, line: str) -> None:
        """Say a line that is meant to be obeyed, such as a CI runner's annotation.

        Who makes it makes its texts inert. Not among JSON objects, where it would be none.
        """
        if not self.as_json:
            click.echo(self.redacted(line), err=True)

    def overhear(self, *, quiet: bool) -> None:
        """Tell what libraries log or warn of as everything else is told."""
        import logging  # noqa: PLC0415

        from reportgen.console.messages import WARNING, Record  # noqa: PLC0415

        class Ear(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                _voice.tell(Record(_voice.now(), WARNING, "warning", record.getMessage()))

        logging.captureWarnings(capture=True)
        logging.getLogger().addHandler(Ear(logging.ERROR if quiet else logging.WARNING))


def _format_asked(arguments: list[str]) -> str:
    """Find how stderr is to be written, for what is wrong before the options are read."""
    asked = os.environ.get(f"{options.PREFIX}LOG_FORMAT", "")
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == "--":
            break
        name, equals, value = argument.partition("=")
        if name == "--log-format":
            asked = value if equals else following
    return asked


_voice = _Voice()


class _Command(options.Command):
    """A command that takes to heart how things are to be said, before anything else is done."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a Ctrl-C that it does not take ends it without a word."""
        _voice.as_json = ctx.params["log_format"] == "json"
        _voice.verbose = ctx.params["verbose"]
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            return _INTERRUPTED


# The backspace keeps click from folding the lines after it into one.
_HELP: Final = """Keep what Arkor Studio shows: training jobs as self-contained HTML pages.

\b
arkor-report build                  report on the running Studio, into out/
arkor-report build --source demo    try it: a recording of real training runs

Every option can also come from a variable, --max-wait from ARKOR_REPORT_MAX_WAIT (an empty one
counts as not set), and from arkor-report.toml: max-wait = "10m". The command line wins, then
the variable, then the file; `arkor-report config` tells what is in force.
"""


@click.group(
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="arkor-report", message="%(prog)s %(version)s")
def cli() -> None:
    """Hold all commands."""


@cli.command(cls=_Command)
@options.of_a_build
def build(**given: Any) -> int:
    """Snapshot, then render: the main job. Prints the path of the home page.

    Waits for jobs that have not ended, unless --max-wait says how long.
    """
    from reportgen.build import build as run  # noqa: PLC0415

    return _fetching(given, lambda asked, world: _reported(run(asked, world), asked))


@cli.command(cls=_Command)
@options.where_jobs_come_from
@options.which_jobs
@options.which_jobs_are_kept
@options.how_to_fetch
@options.where_it_is_kept
@options.where_settings_are
@options.how_much_is_said
def snapshot(**given: Any) -> int:
    """Fetch only: the job list and every job's events. Prints the snapshot directory's path."""
    from reportgen.build import snapshot as run  # noqa: PLC0415

    return _fetching(given, lambda asked, world: _delivered(run(asked, world)))


@cli.command(cls=_Command)
@options.which_source_was_fetched
@options.which_jobs
@options.which_jobs_are_kept
@options.where_it_is_kept
@options.how_it_looks
@options.what_ci_is_told
@options.where_settings_are
@options.how_much_is_said
def render(**given: Any) -> int:
    """Pages only, from what was fetched last, without network. Prints the home page's path.

    Shows what the last snapshot selected, narrowed by the options given here, which judge by what
    the pages show.
    """
    from reportgen.build import render_only  # noqa: PLC0415

    source, url = given.pop("source"), given.pop("url")
    if url is not None:
        from reportgen.sources.http import BaseURL  # noqa: PLC0415

        url = BaseURL.parse(url).shown
    asked = _settings(given)
    rendered = render_only(asked, source, url, _watcher(given).warn, _voice.secrets)
    return _reported(rendered, asked)


@cli.command(cls=_Command)
@click.argument(
    "directories", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@options.where_it_is_kept
@options.where_settings_are
@options.how_much_is_said
def merge(directories: tuple[Path, ...], **given: Any) -> int:
    """Join several snapshot directories, such as shards, into --snapshot-dir. Prints its path.

    It takes part with what it holds. Of a job that several hold the complete log wins, else the
    longer; what was selected is the union.
    """
    from reportgen.snapshot.merge import merge as run  # noqa: PLC0415

    into: Path = given["snapshot_dir"]
    run(into, directories, _watcher(given).warn)
    return _delivered(into)


@cli.command(cls=_Command)
@options.where_jobs_come_from
@options.where_settings_are
@options.how_much_is_said
def doctor(**given: Any) -> None:
    """Tell what a build would read and with what, and whether it can; never a secret's value."""
    from reportgen import settings  # noqa: PLC0415
    from reportgen.errors import SourceError  # noqa: PLC0415
    from reportgen.sources.doctor import examine  # noqa: PLC0415

    _voice.overhear(quiet=given["quiet"])
    environment = settings.environment()
    diagnosis = examine(
        _settings(given),
        environment,
        lambda: settings.now(environment),
        secrets=_voice.secrets,
    )
    for finding in diagnosis.findings:
        click.echo(f"{finding.what:<10}{_voice.safe(finding.found)}")
    if diagnosis.trouble is not None:
        raise SourceError(diagnosis.trouble)


@cli.command(cls=_Command)
@options.of_a_build
def config(**given: Any) -> None:
    """Tell each setting in force for a build, and where its value comes from; never a secret."""
    from reportgen.cli import configuration  # noqa: PLC0415

    for line in configuration.table(_in_force(given)):
        click.echo(line.rstrip())


def main() -> NoReturn:
    """Run the command, and end with its exit code."""
    gc.set_threshold(_YOUNG)
    _open_what_is_closed()
    _voice.as_json = _format_asked(sys.argv[1:]) == "json"
    try:
        code = cli.main(standalone_mode=False) or 0
    except click.UsageError as error:
        code = error.exit_code
        _tell_usage(error)
    except click.ClickException as error:
        code = error.exit_code
        _voice.end("error", error.format_message())
    except click.Abort:
        code = _INTERRUPTED
    except ReportError as error:
        code = error.exit_code
        if isinstance(error, UsageError):
            _take_format_of_file()
        _complain(str(error))
    except Exception as error:  # noqa: BLE001 - never a traceback where none was asked for
        code = _FAILED
        _complain(
            f"Something unforeseen went wrong: {type(error).__name__}: {error}. "
            "Run it again with -v to see where, and tell us."
        )
    with suppress(OSError):
        sys.stdout.flush()
    sys.exit(code)


def _open_what_is_closed() -> None:
    """Let words go nowhere where the caller closed stdout or stderr: the report is still made."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


def _take_format_of_file() -> None:
    """Tell what is wrong with the command line or the file as the file wants things told."""
    arguments = sys.argv[1:]
    if not _format_asked(arguments):
        _voice.as_json = options.log_format_in_file(arguments) == "json"


def _tell_usage(error: click.UsageError) -> None:
    """Tell in two lines what was wrong and where help is; all of it where nothing was asked."""
    _take_format_of_file()
    command = error.ctx.command_path if error.ctx else "arkor-report"
    hint = f"Try `{command} --help`."
    if type(error).__name__ != "NoArgsIsHelpError":
        _voice.end("usage", error.format_message(), hint=hint)
    elif _voice.as_json:
        _voice.end("usage", "Missing command.", hint=hint)
    else:
        error.show()


def _complain(message: str) -> None:
    import traceback  # noqa: PLC0415

    _voice.end("error", message, trace=traceback.format_exc() if _voice.verbose else "")


# --- Running -------------------------------------------------------------------------------------


def _delivered(result: Path) -> int:
    """Print where the result is; give the exit code."""
    click.echo(result)
    return 0


def _reported(rendered: "Rendered", asked: "Settings") -> int:
    """Print where the report is, and tell CI of it; give the exit code that the gates ask for."""
    from reportgen.console.messages import ERROR, Record  # noqa: PLC0415
    from reportgen.report import gates  # noqa: PLC0415

    _delivered(rendered.entry)
    jobs = rendered.report.jobs
    if not asked.no_github:
        _tell_github(rendered)
    breaches = gates.broken(asked.fail_on, jobs)
    if asked.strict:
        breaches += gates.strict(jobs)
    for breach in breaches:
        details = {"job": breach.job_id, "gate": breach.gate, "found": breach.found}
        _voice.tell(Record(_voice.now(), ERROR, "gate", breach.words, details=details))
    return gates.exit_code(breaches)


def _tell_github(rendered: "Rendered") -> None:
    """Add the summary to the step's, and annotate what needs a look, where GitHub listens."""
    from reportgen.console.messages import WARNING, Record  # noqa: PLC0415
    from reportgen.exports import github_actions  # noqa: PLC0415
    from reportgen.files import open_named  # noqa: PLC0415

    if github_actions.annotates(os.environ):
        for line in github_actions.annotations(rendered.report.jobs):
            _voice.raw(line)
    path = github_actions.step_summary_path(os.environ)
    if path is None:
        return
    try:
        descriptor = open_named(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with open(descriptor, "a", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
            file.write(f"\n{rendered.summary}")
    except OSError as error:
        words = f"the step's summary can't be written to {path}: {error.strerror or error}"
        _voice.tell(Record(_voice.now(), WARNING, "warning", words))


def _fetching(given: dict[str, Any], run: "Callable[[Settings, World], int]") -> int:
    """Run a command that fetches, with signals caught and its progress on stderr."""
    from reportgen import settings  # noqa: PLC0415
    from reportgen.build import World  # noqa: PLC0415
    from reportgen.console.signals import Interrupts  # noqa: PLC0415
    from reportgen.following.fetch import Interrupted  # noqa: PLC0415

    _voice.overhear(quiet=given["quiet"])
    environment = settings.environment()
    settings.now(environment)  # a wrong SOURCE_DATE_EPOCH is told before any work
    interrupts = Interrupts()
    code = 0
    with interrupts.caught():
        world = World(
            now=lambda: settings.now(environment),
            environment=environment,
            interrupts=interrupts,
            watcher=_watcher(given),
            secrets=_voice.secrets,
        )
        with suppress(Interrupted):
            code = run(_settings(given), world)
    if interrupts.exit_code is not None:
        _voice.end("interrupted", "interrupted")
        return interrupts.exit_code
    return code


def _watcher(given: dict[str, Any]) -> "Watcher":
    """Choose what stderr shows."""
    from reportgen.console import messages, plain  # noqa: PLC0415

    verbose: bool = given["verbose"]
    if given["quiet"]:
        return plain.Quiet()
    live = messages.is_live(given["progress"], os.environ, terminal=sys.stderr.isatty())
    if _voice.as_json or not live:
        return plain.Plain(_voice.tell, _voice.now, verbose=verbose)
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from reportgen.console.live import Display  # noqa: PLC0415

    colour = messages.in_colour(os.environ, terminal=True)
    console = Console(stderr=True, no_color=not colour)

    def tell(record: "Record") -> None:
        console.print(Text.from_ansi(_voice.line(record, colour=colour)))

    return Display(console, tell, _voice.now, _voice.safe, verbose=verbose)


def _settings(given: dict[str, Any]) -> "Settings":
    """Join the options into one value; what a command does not take keeps its default."""
    from datetime import timedelta  # noqa: PLC0415

    from reportgen.model.selection import Selection  # noqa: PLC0415
    from reportgen.settings import Settings  # noqa: PLC0415

    told = {name: value for name, value in given.items() if value is not None}
    since = told.get("since")
    selection = Selection(
        ids=tuple(told.get("job", ())),
        name=told.get("name"),
        statuses=told.get("status", frozenset()),
        since=None if since is None else timedelta(seconds=since),
        limit=told.get("limit"),
        shard=told.get("shard"),
    )
    if told.get("log_lines") == "all":
        told["log_lines"] = None
    fields = Settings.__dataclass_fields__
    return Settings(
        selection=selection, **{name: value for name, value in told.items() if name in fields}
    )


# --- What is in force ----------------------------------------------------------------------------


def _in_force(given: dict[str, Any]) -> "list[InForce]":
    """Give all settings of the command at hand, made safe to be seen."""
    from reportgen.cli.configuration import InForce, shown  # noqa: PLC0415

    ctx = click.get_current_context()
    otherwise = _when_not_given(given)
    rows = [
        (
            option.key,
            shown(
                given[option.name or ""],
                options.as_given(ctx, option),
                otherwise.get(option.key, "none"),
            ),
            options.origin(ctx, option),
        )
        for option in ctx.command.params
        if isinstance(option, options.Option)
    ]
    rows.append(("token", "set" if os.environ.get(_TOKEN_VARIABLE) else "not set", _TOKEN_VARIABLE))
    return [InForce(*map(_voice.safe, row)) for row in rows]


def _when_not_given(given: dict[str, Any]) -> dict[str, str]:
    """Say what holds for the options without a value, where that is something."""
    from reportgen.sources import (  # noqa: PLC0415
        cloud,
        credentials,
        studio,
    )

    source = given["source"]
    urls = {"studio": studio.DEFAULT_URL, "cloud": cloud.DEFAULT_URL}
    file = options.configuration_file(click.get_current_context())
    secret = credentials.place(source, None, os.environ) if source != "demo" else "none"
    return {
        "url": urls.get(source, "none"),
        "token-file": secret,
        "org": ".arkor/state.json's" if source == "cloud" else "none",
        "project": ".arkor/state.json's" if source == "cloud" else "none",
        "job": "all",
        "max-wait": "until they end",
        "keep": "all",
        "keep-last": "all",
        "progress": "live on a terminal, but for CI",
        "config": "none" if file is None else str(file),
    }
