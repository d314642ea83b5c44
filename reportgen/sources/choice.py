"""Which source the settings mean, made from them: imported only when it is used."""

from collections.abc import Callable, Mapping
from datetime import datetime

from reportgen import credentials
from reportgen.settings import Settings
from reportgen.sources import Source


def choose_source(
    options: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    warn: Callable[[str], None],
) -> Source:
    """Make the source that is asked for.

    Raises `SourceError` where its secret or scope is missing, `UsageError` where its URL is none.
    """
    match options.source:
        case "demo":
            from reportgen.sources.demo import Demo  # noqa: PLC0415 - it needs no HTTP client

            return Demo()
        case "cloud":
            return _cloud(options, environment, now, warn)
        case _:
            return _studio(options, environment, now)


def _studio(
    options: Settings, environment: Mapping[str, str], now: Callable[[], datetime]
) -> Source:
    from reportgen.sources.http import BaseURL  # noqa: PLC0415
    from reportgen.sources.studio import DEFAULT_URL, Studio  # noqa: PLC0415

    return Studio(
        BaseURL.parse(options.url or DEFAULT_URL),
        lambda: credentials.studio_token(options.token_file, environment),
        concurrency=options.concurrency,
        now=now,
    )


def _cloud(
    options: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    warn: Callable[[str], None],
) -> Source:
    from reportgen.sources.cloud import DEFAULT_URL, Cloud  # noqa: PLC0415
    from reportgen.sources.http import BaseURL  # noqa: PLC0415

    def read() -> credentials.Credentials:
        return credentials.cloud_credentials(options.token_file, environment, now())

    found = read()
    variable = environment.get("ARKOR_CLOUD_API_URL")
    return Cloud(
        BaseURL.parse(options.url or variable or found.url or DEFAULT_URL),
        lambda: read().token,
        credentials.scope(options.org, options.project, options.project_dir, found),
        mode=found.mode,
        client_version=credentials.client_version(options.project_dir, environment),
        concurrency=options.concurrency,
        now=now,
        warn=warn,
    )
