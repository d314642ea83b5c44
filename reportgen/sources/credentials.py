"""The files that Arkor's own tools keep on this machine, which are only read, never written.

Studio writes its token while it runs; the CLI keeps credentials in the home directory and a
project's scope in the project directory. Error messages never include file contents.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reportgen.errors import SourceError
from reportgen.sources import home, small_files
from reportgen.text import javascript
from reportgen.text.javascript import JSON, Object, decode_object
from reportgen.text.keys import secret_texts
from reportgen.text.secrets import Secrets

TOKEN_VARIABLE: Final = "ARKOR_REPORT_TOKEN"  # noqa: S105 - the variable's name
STUDIO_TOKEN_FILE: Final = "~/.arkor/studio-token"  # noqa: S105
CREDENTIALS_FILE: Final = "~/.arkor/credentials.json"
_STATE_FILE: Final = ".arkor/state.json"
DEFAULT_CLIENT_VERSION: Final = "0.0.3-alpha.1"

_LARGEST_SECONDS: Final = 253_402_300_800  # the year 10000; larger numbers are milliseconds


def studio_token(token_file: Path | None, environment: Mapping[str, str]) -> str:
    """Find Studio's token: in the named file, else the variable, else Studio's own file.

    Raises `SourceError`.
    """
    if token_file is None and environment.get(TOKEN_VARIABLE):
        return _sendable(environment[TOKEN_VARIABLE], TOKEN_VARIABLE, "`arkor dev`")
    file = token_file or _at_home(STUDIO_TOKEN_FILE)
    try:
        text = _text_of(file, environment, named=token_file is not None)
    except FileNotFoundError as error:
        shown = _shown(file, environment, token_file)
        raise SourceError(
            f"There is no Studio token at {shown}, so Studio is most likely not running: start it "
            "with `arkor dev`, name the file with --token-file, or try `--source demo`."
        ) from error
    return _sendable(text, str(file), "`arkor dev`")


def _at_home(path: str) -> Path:
    """Return a path in the home directory. Raises `SourceError` if none is known."""
    try:
        return Path(home.expand(path))
    except ValueError as error:
        raise SourceError(
            f"Cannot look for {path}, since no home directory is known: set HOME, name a file with "
            f"--token-file, or set {TOKEN_VARIABLE}."
        ) from error


def _text_of(file: Path, environment: Mapping[str, str], *, named: bool) -> str:
    """Return the contents of a secret file: a file that was `named`, or one in the home directory.

    Raises `FileNotFoundError`, or `SourceError` for all other failures, which names the variable
    if the home directory is the problem.
    """
    try:
        return small_files.read(file, may_be_pipe=named)
    except SourceError as error:
        trouble = None if named else home.trouble(environment)
        if trouble is None:
            raise
        raise SourceError(
            f"Cannot read {file}, since {trouble}. Set HOME to a directory, name a file with "
            f"--token-file, or set {TOKEN_VARIABLE}."
        ) from error


def _shown(file: Path, environment: Mapping[str, str], named: Path | None) -> str:
    """Return a missing file's path, and why the home directory is unusable, if it is."""
    trouble = None if named else home.trouble(environment)
    return str(file) if trouble is None else f"{file} ({trouble})"


def is_explicit(token_file: Path | None, environment: Mapping[str, str]) -> bool:
    """Return whether the user specified the token; if so, no other token is tried."""
    return token_file is not None or bool(environment.get(TOKEN_VARIABLE))


def place(source: str, token_file: Path | None, environment: Mapping[str, str]) -> str:
    """Return where a source's secret is read from, without checking that it exists."""
    if token_file is not None:
        return str(token_file)
    if environment.get(TOKEN_VARIABLE):
        return f"the variable {TOKEN_VARIABLE}"
    return CREDENTIALS_FILE if source == "cloud" else STUDIO_TOKEN_FILE


def places(
    source: str, token_file: Path | None, environment: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield each place where a source's secret may be, in order, and whether it is there."""
    if token_file is not None:
        yield str(token_file), _presence(token_file)
    yield TOKEN_VARIABLE, "set" if environment.get(TOKEN_VARIABLE) else "not set"
    file = place(source, None, {})
    try:
        yield file, _presence(_at_home(file))
    except SourceError:
        yield file, "not found, since no home directory is known"


def _presence(file: Path) -> str:
    try:
        file.stat()
    except FileNotFoundError:
        return "not found"
    except (OSError, ValueError) as error:
        return f"not found ({getattr(error, 'strerror', None) or error})"
    return "found"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Credentials for the cloud API, and where they are valid."""

    token: str
    mode: str | None = None
    url: str | None = None
    org: str | None = None
    """The only org that an anonymous session may use."""


def cloud_credentials(
    token_file: Path | None, environment: Mapping[str, str], now: datetime, secrets: Secrets
) -> Credentials:
    """Find the cloud's credentials: in the named file, else the variable, else the CLI's file.

    The file holds the CLI's JSON or a bare token. All secrets in the JSON, including the refresh
    token, are added to `secrets`. Raises `SourceError`.
    """
    if token_file is None and environment.get(TOKEN_VARIABLE):
        return Credentials(_sendable(environment[TOKEN_VARIABLE], TOKEN_VARIABLE, "`arkor login`"))
    file = token_file or _at_home(CREDENTIALS_FILE)
    try:
        text = _text_of(file, environment, named=token_file is not None)
    except FileNotFoundError as error:
        shown = _shown(file, environment, token_file)
        raise SourceError(
            f"There are no credentials at {shown}: run `arkor login`, name a file with "
            f"--token-file, or set {TOKEN_VARIABLE}."
        ) from error
    fields = decode_object(text.encode("utf-8", "surrogatepass"))
    if fields is None:
        return Credentials(_sendable(text, str(file), "`arkor login`"))
    for token in secret_texts(fields):
        secrets.learn(token)
    return _credentials_of(fields, file, now)


def _credentials_of(fields: Object, file: Path, now: datetime) -> Credentials:
    mode = _text(fields.get("mode"))
    # Older CLIs call an account's session `auth0`; assume that any future mode is one too.
    is_account = mode not in {None, "anon"}
    token = _text(fields.get("accessToken" if is_account else "token"))
    if token is None:
        raise SourceError(f"{file} holds no token: run `arkor login`.")
    expires_at = javascript.finite(fields.get("expiresAt"))
    if is_account and expires_at is not None:
        seconds = expires_at / 1000 if expires_at >= _LARGEST_SECONDS else expires_at
        if seconds <= now.timestamp():
            moment = datetime.fromtimestamp(max(0.0, seconds), UTC).isoformat(timespec="seconds")
            raise SourceError(f"The credentials in {file} expired at {moment}: run `arkor login`.")
    return Credentials(
        _sendable(token, str(file), "`arkor login`"),
        mode,
        _text(fields.get("arkorCloudApiUrl")),
        _text(fields.get("orgSlug")) if mode == "anon" else None,
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """The org and project whose jobs are listed."""

    org: str
    project: str


def scope(
    org: str | None, project: str | None, project_dir: Path, credentials: Credentials
) -> Scope:
    """Find the scope: in the options, else the project's state file. Raises `SourceError`."""
    file = project_dir / _STATE_FILE
    state: Object = {}
    if org is None or project is None:
        state = _object_in(file)
    org = org or _text(state.get("orgSlug")) or credentials.org
    project = project or _text(state.get("projectSlug"))
    if org is None or project is None:
        missing = "--org" if org is None else "--project"
        raise SourceError(
            f"The scope is unknown: {file} does not set it. Run this in the project's directory, "
            f"point --project-dir at that directory, or pass {missing}."
        )
    if credentials.org is not None and org != credentials.org:
        raise SourceError(
            f"The anonymous session can only use its own org {credentials.org}, not {org}. "
            f"If {file} is stale, delete it and run `arkor dev` again; otherwise run `arkor login`."
        )
    return Scope(org, project)


def scope_of_project(project_dir: Path) -> Scope | None:
    """Return the scope in the project's state file, or None if it can't be read."""
    try:
        state = _object_in(project_dir / _STATE_FILE)
    except SourceError:
        return None
    org, project = _text(state.get("orgSlug")), _text(state.get("projectSlug"))
    return None if org is None or project is None else Scope(org, project)


def client_version(project_dir: Path, environment: Mapping[str, str]) -> str:
    """Return the SDK version to send: from the variable, else the project's installed package."""
    given = environment.get("ARKOR_REPORT_CLIENT_VERSION")
    if given:
        return given.strip()
    try:
        package = _object_in(project_dir / "node_modules" / "arkor" / "package.json")
    except SourceError:
        return DEFAULT_CLIENT_VERSION
    version = package.get("version")
    if isinstance(version, str) and version and version.isascii() and version.isprintable():
        return version
    return DEFAULT_CLIENT_VERSION


def _object_in(file: Path) -> Object:
    """Return the JSON object in a file; an empty one if the file is missing or has no object."""
    try:
        return decode_object(small_files.read(file).encode("utf-8", "surrogatepass")) or {}
    except FileNotFoundError:
        return {}


def _sendable(text: str, place: str, remedy: str) -> str:
    """Return the token in a text. Raises `SourceError` if a header can't hold it."""
    token = text.strip()
    if is_sendable(token):
        return token
    raise SourceError(
        f"{place} holds no token that can be sent: expected one word of printable ASCII; "
        f"run {remedy} again, or name another file with --token-file."
    )


def is_sendable(token: str) -> bool:
    """Return whether a header can hold a token: one word of printable ASCII."""
    return bool(token) and token.isascii() and token.isprintable() and " " not in token


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) and value else None
