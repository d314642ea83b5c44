"""Which source the settings mean, made from them: imported only when it is used."""

from collections.abc import Callable, Mapping
from datetime import datetime

from reportgen.settings import Settings
from reportgen.sources import Source, credentials


def choose_source(
    options: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    warn: Callable[[str], None],
    learn_secret: Callable[[str], None],
) -> Source:
    """Make the source that is asked for; `learn_secret` is told every secret that it reads.

    Raises `SourceError` where its secret or scope is missing, `UsageError` where its URL is none.
    """
    match options.source:
        case "demo":
            from reportgen.sources.demo import Demo  # noqa: PLC0415 - it needs no HTTP client

            return Demo()
        case "cloud":
            return _cloud(options, environment, now, warn=warn, learn_secret=learn_secret)
        case _:
            return _studio(options, environment, now, learn_secret=learn_secret)


def _studio(
    options: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    learn_secret: Callable[[str], None],
) -> Source:
    from reportgen.sources.http import BaseURL  # noqa: PLC0415
    from reportgen.sources.studio import DEFAULT_URL, Studio  # noqa: PLC0415

    def read() -> str:
        token = credentials.studio_token(options.token_file, environment)
        learn_secret(token)
        return token

    return Studio(
        BaseURL.parse(options.url or DEFAULT_URL),
        read,
        now=now,
    )


def _cloud(
    options: Settings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    warn: Callable[[str], None],
    learn_secret: Callable[[str], None],
) -> Source:
    from reportgen.sources.cloud import DEFAULT_URL, Cloud  # noqa: PLC0415
    from reportgen.sources.http import BaseURL  # noqa: PLC0415

    def read() -> credentials.Credentials:
        found = credentials.cloud_credentials(options.token_file, environment, now())
        learn_secret(found.token)
        return found

    found = read()
    variable = environment.get("ARKOR_CLOUD_API_URL")
    return Cloud(
        BaseURL.parse(options.url or variable or found.url or DEFAULT_URL),
        lambda: read().token,
        credentials.scope(options.org, options.project, options.project_dir, found),
        mode=found.mode,
        client_version=credentials.client_version(options.project_dir, environment),
        now=now,
        warn=warn,
    )
