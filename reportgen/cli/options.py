"""The options of all commands, with their defaults, in groups.

Each group adds its options to a command and passes their final values on as one value.
"""

import math
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import click

from reportgen.cli import parameters
from reportgen.cli.configured import (
    CONFIGURATION_FILE,
    PREFIX,
    Option,
    read_configuration,
    use_log_format,
    yield_to_the_token,
)
from reportgen.cli.lazy import lazily
from reportgen.cli.parameters import DURATION, LinkedType, PathType

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]


def _option(*names: str, **settings: Any) -> Decorator[Any]:
    """Return an option that can also come from the variable ARKOR_REPORT_<OPTION>."""
    longest = max((name for name in names if name.startswith("-")), key=len)
    variable = PREFIX + longest.partition("/")[0].lstrip("-").replace("-", "_").upper()
    return click.option(*names, cls=Option, envvar=variable, **settings)


def _duration(name: str, **settings: Any) -> Decorator[Any]:
    return _option(name, **{"type": DURATION, "metavar": "DURATION", **settings})


class _Group:
    """A decorator that adds options to a command and passes their values on as one value.

    `value` is the import path of that value's class, whose fields are named like the options and
    the groups among them. The command takes the value as the parameter `name`.
    """

    def __init__(self, name: str, value: str, *options: "Decorator[Any] | _Group") -> None:
        self.name = name
        self._make = lazily(value)
        self._options = options
        self._fields = [_field(option) for option in options]

    def __call__(self, command: Callable[..., Any]) -> Any:
        """Add the options to `command`."""

        @wraps(command)
        def with_value(*args: Any, **given: Any) -> Any:
            values = {field: given.pop(field) for field in self._fields}
            return command(*args, **given, **{self.name: self._make(**values)})

        return _with_options(with_value, self._options)


def _with_options(command: Any, options: "Sequence[Decorator[Any] | _Group]") -> Any:
    for option in reversed(options):
        command = option(command)
    return command


def _field(option: "Decorator[Any] | _Group") -> str:
    """Return the name of the parameter that an option, or a group, fills."""
    if isinstance(option, _Group):
        return option.name

    def command() -> None:
        pass

    (param,) = vars(option(command))["__click_params__"]
    return str(param.name)


_SOURCES: Final = click.Choice(["studio", "cloud", "demo"])

# Eager and before --config, whose file is looked for in this directory.
project_dir = _option(
    "--project-dir",
    metavar="DIR",
    type=PathType(file_okay=False),
    default=".",
    show_default=True,
    is_eager=True,
    help=f"The directory that holds {CONFIGURATION_FILE}, .arkor/state.json and node_modules.",
)

source = _Group(
    "source",
    "reportgen.settings:SourceSettings",
    _option(
        "--source",
        "-s",
        "kind",
        type=_SOURCES,
        default="studio",
        show_default=True,
        help="Where jobs come from. `demo` is a packaged recording and needs no network.",
    ),
    _option(
        "--url",
        type=parameters.URL,
        metavar="URL",
        help="The server's base URL.  [default: studio http://127.0.0.1:4000, cloud "
        "https://api.arkor.ai]",
    ),
    _option(
        "--token-file",
        metavar="FILE",
        type=PathType(dir_okay=False),
        callback=yield_to_the_token,
        help="The file that holds the token; ARKOR_REPORT_TOKEN can hold the token itself.  "
        "[default: studio ~/.arkor/studio-token, cloud ~/.arkor/credentials.json]",
    ),
    _option(
        "--org", metavar="SLUG", help="The org in the cloud.  [default: from .arkor/state.json]"
    ),
    _option(
        "--project",
        metavar="SLUG",
        help="The project in the cloud.  [default: from .arkor/state.json]",
    ),
    project_dir,
)


def fetched_source(command: Any) -> Any:
    """Add the options that choose one of the sources in the snapshot directory."""
    kind = _option(
        "--source",
        "-s",
        "kind",
        type=_SOURCES,
        help="The source to show.  [default: the one fetched last]",
    )
    url = _option(
        "--url",
        type=parameters.URL,
        metavar="URL",
        help="The server to show, if several were fetched.",
    )
    return kind(url(command))


selection = _Group(
    "selection",
    "reportgen.model.selection:Selection",
    _option(
        "--job",
        "-j",
        "ids",
        metavar="ID",
        multiple=True,
        help="Only this job; repeatable. In ARKOR_REPORT_JOB, separate ids with spaces.",
    ),
    _option("--name", metavar="GLOB", help="Only jobs whose name matches, such as 'support-*'."),
    _option(
        "--status",
        "statuses",
        metavar="S,…",
        type=parameters.STATUSES,
        default=frozenset(),
        help="Only jobs with one of these statuses in the list, such as failed,running.",
    ),
    _duration(
        "--since",
        type=parameters.PERIOD,
        help="Only jobs created within this time, such as 7d.",
    ),
    _option(
        "--limit",
        type=click.IntRange(min=0),
        metavar="N",
        help="Only the first N jobs that match.",
    ),
    _option(
        "--shard",
        metavar="I/N",
        type=parameters.SHARD,
        help="Only the Ith of N shares of these jobs, split by a hash of the id, such as 1/3.",
    ),
)

retention = _Group(
    "retention",
    "reportgen.snapshot.retention:Retention",
    _duration(
        "--keep",
        help="Drop jobs that ended longer ago than this from the snapshot and the report.  "
        "[default: keep all]",
    ),
    _option(
        "--keep-last",
        type=click.IntRange(min=0),
        metavar="N",
        help="Drop all but the last N jobs that have ended. With --keep, a job stays if either "
        "option keeps it.",
    ),
)

baseline = _option(
    "--baseline",
    metavar="ID|NAME|previous",
    help="What each job is measured against: a job's id, the newest completed job of a name, or "
    "`previous`, the newest completed job of the same name that was created before it.",
)

following = _Group(
    "following",
    "reportgen.settings:Following",
    _duration(
        "--max-wait",
        default=math.inf,
        help="How long to wait, in total, for jobs that have not ended.  [default: until they end]",
    ),
    _duration(
        "--settle",
        default="2s",
        show_default=True,
        help="Once waiting is over, close a stream that has been quiet for this long.",
    ),
    _duration(
        "--stall-timeout",
        default="90s",
        show_default=True,
        help="Reopen a stream that has sent nothing for this long.",
    ),
    _option(
        "--retries",
        type=click.IntRange(min=0),
        default=8,
        show_default=True,
        metavar="N",
        help="Give up on a stream at the Nth failure in a row.",
    ),
    _option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=16,
        show_default=True,
        metavar="N",
        help="How many streams to read at once.",
    ),
    _option("--refresh", is_flag=True, help="Fetch everything again."),
)

snapshot_dir = _option(
    "--snapshot-dir",
    metavar="DIR",
    type=PathType(),
    default=".arkor-report",
    show_default=True,
    help="Where fetched data is kept between builds.",
)

_looks = _Group(
    "looks",
    "reportgen.pages.looks:Looks",
    _option(
        "--layout",
        "linked",
        type=LinkedType(),
        default="inline",
        show_default=True,
        help="`linked` writes style and script to separate files, for hosts that block inline "
        "ones.",
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
        type=parameters.ZONE,
        default="UTC",
        show_default=True,
        help="The time zone of the pages, such as Europe/Berlin.",
    ),
    _duration(
        "--stale-after",
        default="24h",
        show_default=True,
        help="A page with running jobs shows a warning when it is older than this.",
    ),
)

output = _Group(
    "output",
    "reportgen.settings:Output",
    _option(
        "--out",
        "-o",
        metavar="DIR",
        type=PathType(),
        default="out",
        show_default=True,
        help="Where to write the report.",
    ),
    _option(
        "--log-lines",
        type=parameters.LOG_LINES,
        metavar="N|all",
        default="50",
        show_default=True,
        help="How many lines of the log a job's page shows.",
    ),
    _option(
        "--single-file",
        is_flag=True,
        help="Also write report.html, with the home page and all jobs in one file.",
    ),
    _looks,
    _option(
        "--show-config",
        metavar="KEY",
        multiple=True,
        help="Also show this config key, besides the known ones; repeatable. In "
        "ARKOR_REPORT_SHOW_CONFIG, separate keys with spaces.",
    ),
    _option(
        "--report-url",
        type=parameters.REPORT_URL,
        metavar="URL",
        help="Where the report will be served, for the links in summary.md.",
    ),
)

gates = _Group(
    "gates",
    "reportgen.settings:Gates",
    _option(
        "--strict",
        is_flag=True,
        help="Exit with 4 if any stream is not complete. The report is still written.",
    ),
    _option(
        "--fail-on",
        metavar="RULE,…",
        type=parameters.RULES,
        default=(),
        help="Exit with 5 if a job meets one of these rules: a status such as failed, incomplete, "
        "nan, loss>N, eval-loss>N, regression>P (worse than its baseline by more than P percent). "
        "The report is still written.",
    ),
)

github = _option(
    "--no-github",
    is_flag=True,
    help="Write no step summary and no annotations in GitHub Actions.",
)

config_file = _option(
    "--config",
    metavar="FILE",
    type=PathType(),
    is_eager=True,
    callback=read_configuration,
    expose_value=False,
    help='A file that sets options by name, such as max-wait = "10m".  [default: '
    f"{CONFIGURATION_FILE} in the project directory, if it exists]",
)

# --log-format is eager and after --config, which may set it.
verbosity = _Group(
    "verbosity",
    "reportgen.cli.stderr:Verbosity",
    _option("--quiet", "-q", is_flag=True, help="Show errors only."),
    _option("--verbose", "-v", is_flag=True, help="Show more details, and tracebacks of errors."),
    _option(
        "--progress/--no-progress",
        default=None,
        help="Show a live display, or plain lines.  [default: live on a terminal, except in CI]",
    ),
    _option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        is_eager=True,
        callback=use_log_format,
        show_default=True,
        help="`json` writes one JSON object per line to stderr.",
    ),
)
