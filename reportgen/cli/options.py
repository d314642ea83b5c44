"""The options of all commands, with their defaults, in groups.

Each group adds its options to a command and passes their final values on as one value.
"""

import math
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, Final

import click

from reportgen.cli.configured import (
    CONFIGURATION_FILE,
    PREFIX,
    Option,
    read_configuration,
    use_log_format,
    yield_to_the_token,
)
from reportgen.cli.lazy import imported
from reportgen.cli.parameters import (
    DIRECTORY,
    DURATION,
    FILE,
    LAYOUT,
    LOG_LINES,
    PERIOD,
    REFRESH,
    REPORT_URL,
    RULES,
    SHARD,
    STATUSES,
    URL,
    ZONE,
    Count,
    PathType,
)
from reportgen.settings import CLOUD_URL, STUDIO_URL

Decorator = Callable[[Any], Any]


def _option(names: str, help_: str, kind: Any = None, **settings: Any) -> Decorator:
    """Return an option that can also come from the variable ARKOR_REPORT_<OPTION>.

    Its help shows the default if it looks the way a user would write it.
    """
    words = names.split()
    longest = max((word for word in words if word.startswith("-")), key=len)
    return click.option(
        *words,
        cls=Option,
        type=kind,
        help=help_,
        metavar=settings.pop("metavar", getattr(kind, "metavar", None)),
        envvar=PREFIX + longest.partition("/")[0].lstrip("-").replace("-", "_").upper(),
        show_default=isinstance(settings.get("default"), str | int),
        **settings,
    )


def _group(name: str, value: str, *options: Decorator) -> Decorator:
    """Return a decorator that passes the values of these options on as a single value.

    `value` is the import path of that value's class, whose fields have the same names as the
    options and groups in it. The command takes the value as the parameter `name`.
    """

    def decorate(command: Callable[..., Any]) -> Any:
        @wraps(command)
        def with_value(*args: Any, **given: Any) -> Any:
            kind = imported(value)
            values = {field.name: given.pop(field.name) for field in fields(kind)}
            return command(*args, **given, **{name: kind(**values)})

        return with_options(with_value, *options)

    return decorate


def with_options(command: Any, *options: Decorator) -> Any:
    """Add options to a command, in the order in which the help lists them."""
    for option in reversed(options):
        command = option(command)
    return command


_SOURCES: Final = click.Choice(["studio", "cloud", "demo"])

# Eager, and before --config, since this directory is searched for its file.
project_dir = _option(
    "--project-dir",
    f"The directory that holds {CONFIGURATION_FILE}, .arkor/state.json and node_modules.",
    PathType("DIR", file_okay=False),
    default=".",
    is_eager=True,
)

source = _group(
    "source",
    "reportgen.settings:SourceSettings",
    _option(
        "--source -s kind",
        "Where jobs come from. `demo` is a bundled recording and needs no network.",
        _SOURCES,
        default="studio",
    ),
    _option(
        "--url", f"The server's base URL.  [default: studio {STUDIO_URL}, cloud {CLOUD_URL}]", URL
    ),
    _option(
        "--token-file",
        "The file that holds the token; ARKOR_REPORT_TOKEN can hold the token itself.  "
        "[default: studio ~/.arkor/studio-token, cloud ~/.arkor/credentials.json]",
        PathType("FILE", dir_okay=False),
        callback=yield_to_the_token,
    ),
    _option("--org", "The org in the cloud.  [default: from .arkor/state.json]", metavar="SLUG"),
    _option(
        "--project", "The project in the cloud.  [default: from .arkor/state.json]", metavar="SLUG"
    ),
    project_dir,
)

fetched_source = (
    _option("--source -s kind", "The source to show.  [default: the one fetched last]", _SOURCES),
    _option("--url", "The server to show, if several were fetched.", URL),
)

selection = _group(
    "selection",
    "reportgen.model.selection:Selection",
    _option(
        "--job -j ids",
        "Only this job; repeatable. In ARKOR_REPORT_JOB, separate ids with spaces.",
        metavar="ID",
        multiple=True,
    ),
    _option("--name", "Only jobs whose name matches, such as 'support-*'.", metavar="GLOB"),
    _option(
        "--status statuses",
        "Only jobs that have one of these statuses in the job list, such as failed,running.",
        STATUSES,
        default=frozenset(),
    ),
    _option("--since", "Only jobs created within the last DURATION, such as 7d.", PERIOD),
    _option("--limit", "Only the first N jobs that match.", Count()),
    _option(
        "--shard",
        "Only shard I of N of these jobs, such as 1/3; a hash of the id decides which.",
        SHARD,
    ),
)

retention = _group(
    "retention",
    "reportgen.snapshot.retention:Retention",
    _option(
        "--keep",
        "Drop jobs that ended longer ago than this from the snapshot and the report.  "
        "[default: keep all]",
        DURATION,
    ),
    _option(
        "--keep-last",
        "Drop all but the last N jobs that have ended. With --keep, a job stays if either "
        "option keeps it.",
        Count(),
    ),
)

following = _group(
    "following",
    "reportgen.settings:Following",
    _option(
        "--max-wait",
        "How long to wait, in total, for jobs that have not ended.  [default: until they end]",
        DURATION,
        default=math.inf,
    ),
    _option(
        "--settle",
        "How long a stream must stay quiet to count as fully read, once its job has ended or "
        "the wait is over.",
        DURATION,
        default="2s",
    ),
    _option(
        "--stall-timeout",
        "Reopen a stream that has sent nothing for this long.",
        DURATION,
        default="90s",
    ),
    _option("--retries", "Give up on a stream after N failures in a row.", Count(), default=8),
    _option("--concurrency", "How many streams to read at once.", Count(min=1), default=16),
    _option("--refresh", "Fetch everything again.", is_flag=True),
)

snapshot_dir = _option(
    "--snapshot-dir",
    "Where fetched data is kept between builds.",
    DIRECTORY,
    default=".arkor-report",
)

baseline = _option(
    "--baseline",
    "What each job is measured against: a job's id, the newest completed job whose name "
    "matches, or `previous`, the newest completed job of the same name that was created before it.",
    metavar="ID|NAME|previous",
)

fetching = _group(
    "fetching",
    "reportgen.settings:FetchSettings",
    source,
    selection,
    retention,
    following,
    snapshot_dir,
    baseline,
)

_looks = _group(
    "looks",
    "reportgen.pages.looks:Looks",
    _option(
        "--layout linked",
        "`linked` writes styles and scripts to separate files, for hosts that block inline ones.",
        LAYOUT,
        default="inline",
    ),
    _option("--title", "The report's title.", default="Arkor report"),
    _option(
        "--theme",
        "Colours; `auto` follows the reader's system.",
        click.Choice(["auto", "light", "dark"]),
        default="auto",
    ),
    _option(
        "--timezone",
        "The time zone for times on the pages, such as Europe/Berlin.",
        ZONE,
        default="UTC",
    ),
    _option(
        "--stale-after",
        "A page with running jobs shows a warning when it is older than this.",
        DURATION,
        default="24h",
    ),
    _option(
        "--auto-refresh",
        "Reload the home page and report.html this often, for a wall display; at least 5s.",
        REFRESH,
    ),
)

output = _group(
    "output",
    "reportgen.settings:Output",
    _option("--out -o", "Where to write the report.", DIRECTORY, default="out"),
    _option(
        "--log-lines", "How many lines of the log a job's page shows.", LOG_LINES, default="50"
    ),
    _option(
        "--single-file",
        "Also write report.html, with the home page and all jobs in one file.",
        is_flag=True,
    ),
    _looks,
    _option(
        "--show-config",
        "Show this config key in addition to the known ones; repeatable. In "
        "ARKOR_REPORT_SHOW_CONFIG, separate keys with spaces.",
        metavar="KEY",
        multiple=True,
    ),
    _option(
        "--report-url", "Where the report will be served, for the links in summary.md.", REPORT_URL
    ),
)

gates = _group(
    "gates",
    "reportgen.settings:Gates",
    _option(
        "--strict",
        "Exit with code 4 if any stream is not complete. The report is still written.",
        is_flag=True,
    ),
    _option(
        "--fail-on",
        "Exit with code 5 if a job meets one of these rules: a status such as failed, incomplete, "
        "nan, loss>N, eval-loss>N, regression>P (worse than its baseline by more than P percent). "
        "The report is still written.",
        RULES,
        default=(),
    ),
)

github = _option(
    "--no-github", "Don't write a step summary or annotations in GitHub Actions.", is_flag=True
)

config_file = _option(
    "--config",
    'A file that sets options by name, such as max-wait = "10m".  [default: '
    f"{CONFIGURATION_FILE} in the project directory, if it exists]",
    FILE,
    is_eager=True,
    callback=read_configuration,
    expose_value=False,
)

# --log-format is eager and after --config, which may set it.
verbosity = _group(
    "verbosity",
    "reportgen.cli.stderr:Verbosity",
    _option("--quiet -q", "Show errors only.", is_flag=True),
    _option("--verbose -v", "Show more detail, including tracebacks for errors.", is_flag=True),
    _option(
        "--progress/--no-progress",
        "Show a live display, or plain lines.  [default: live on a terminal, except in CI]",
        default=None,
    ),
    _option(
        "--log-format",
        "`json` writes one JSON object per line to stderr.",
        click.Choice(["text", "json"]),
        default="text",
        is_eager=True,
        callback=use_log_format,
    ),
)
