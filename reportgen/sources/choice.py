"""Create the source that the settings select, importing only what it needs."""

from collections.abc import Callable, Mapping
from datetime import datetime

from reportgen.settings import CLOUD_URL, STUDIO_URLS, SourceSettings
from reportgen.sources import Source, credentials
from reportgen.text.secrets import Secrets


def choose_source(
    settings: SourceSettings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    warn: Callable[[str], None],
    secrets: Secrets,
) -> Source:
    """Return the selected source; every secret that it reads is added to `secrets`.

    Raises `SourceError` if its secret or scope is missing, `UsageError` if its URL is invalid.
    """
    match settings.kind:
        case "demo":
            from reportgen.sources.demo import Demo  # noqa: PLC0415 - it needs no HTTP client

            return Demo()
        case "cloud":
            return _cloud(settings, environment, now, warn=warn, secrets=secrets)
        case _:
            return _studio(settings, environment, now, warn=warn, secrets=secrets)


def _studio(
    settings: SourceSettings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    warn: Callable[[str], None],
    secrets: Secrets,
) -> Source:
    from reportgen.sources.http import BaseURL  # noqa: PLC0415
    from reportgen.sources.studio import Studio  # noqa: PLC0415

    def read() -> str:
        return credentials.studio_token(settings.token_file, environment)

    return Studio(
        [BaseURL.parse(url) for url in ([settings.url] if settings.url else STUDIO_URLS)],
        read,
        secrets,
        explicit=credentials.is_explicit(settings.token_file, environment),
        scope=credentials.scope_of_project(settings.project_dir),
        environment=environment,
        now=now,
        warn=warn,
    )


def _cloud(
    settings: SourceSettings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    warn: Callable[[str], None],
    secrets: Secrets,
) -> Source:
    from reportgen.sources.cloud import URL_VARIABLE, Cloud  # noqa: PLC0415
    from reportgen.sources.http import BaseURL  # noqa: PLC0415

    def read() -> credentials.Credentials:
        return credentials.cloud_credentials(settings.token_file, environment, now(), secrets)

    found = read()
    if settings.url:
        base = BaseURL.parse(settings.url)
    elif environment.get(URL_VARIABLE):
        base = BaseURL.parse(environment[URL_VARIABLE], URL_VARIABLE)
    else:
        base = BaseURL.parse(found.url or CLOUD_URL, "arkorCloudApiUrl of the credentials")
    return Cloud(
        base,
        lambda: read().token,
        secrets,
        credentials.scope(settings.org, settings.project, settings.project_dir, found),
        mode=found.mode,
        client_version=credentials.client_version(settings.project_dir, environment),
        environment=environment,
        now=now,
        warn=warn,
    )
