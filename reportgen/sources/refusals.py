"""Who refused a request, why, and what to do about it.

Studio has two refusals of its own and passes on any other response from the cloud, so a status
alone does not show whose token, project or client is the problem.
"""

from http import HTTPStatus
from typing import Final

from reportgen.sources.http import Answer
from reportgen.text.javascript import decode_object
from reportgen.text.redact import Redactor

_LOOPBACK_ONLY: Final = frozenset({"Studio API is loopback-only", "Studio is loopback-only"})
_BAD_TOKEN: Final = "Missing or invalid studio token"  # noqa: S105 - Studio's message
_NO_STATE: Final = "No project state"
_FIRST_SERVER_ERROR: Final = 500
_LONGEST_HINT: Final = 100


def is_about_the_host(answer: Answer, redactor: Redactor) -> bool:
    """Return whether Studio refuses the host in the request: IPv6, or `x.localhost`."""
    return answer.status == HTTPStatus.FORBIDDEN and answer.message(redactor) in _LOOPBACK_ONLY


def by_studio(answer: Answer, redactor: Redactor) -> str:
    """Describe a response other than 200 from Studio: its own refusal, or the cloud's."""
    message = answer.message(redactor)
    if is_about_the_host(answer, redactor):
        return f"Studio refused this host (403: {message}): use 127.0.0.1 in --url"
    if answer.status == HTTPStatus.FORBIDDEN and message == _BAD_TOKEN:
        return (
            f"Studio refused the token (403: {message}). It is new at every start of `arkor dev`: "
            "name its file with --token-file, or check --url"
        )
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR and message == "Internal Server Error":
        return f"Studio cannot reach the cloud (500: {message}): check this machine's network"
    if answer.status == HTTPStatus.BAD_REQUEST and message == _NO_STATE:
        return f"Studio has no project (400: {message}): see its .arkor/state.json"
    return by_cloud(
        "the cloud, which Studio asked,",
        answer,
        redactor,
        denied="the project's .arkor/state.json may be stale, or --url is not a Studio's",
        outdated="then start `arkor dev` again",
    )


def by_cloud(who: str, answer: Answer, redactor: Redactor, *, denied: str, outdated: str) -> str:
    """Describe a response other than 200 from the cloud.

    `denied` is what to do besides logging in if the scope is refused or unknown; `outdated` is what
    to do besides upgrading if the client is too old.
    """
    message = answer.message(redactor)
    said = f"{answer.status}: {message}" if message else str(answer.status)
    match answer.status:
        case HTTPStatus.UNAUTHORIZED:
            return f"{who} refused the credentials ({said}): run `arkor login`"
        case HTTPStatus.FORBIDDEN:
            return f"{who} refused access ({said}): {denied}, or run `arkor login`"
        case HTTPStatus.NOT_FOUND:
            return f"{who} does not know the project or job ({said}): {denied}"
        case HTTPStatus.UPGRADE_REQUIRED:
            return f"{who} wants a newer client ({said}): {_upgrade(answer, redactor)}; {outdated}"
        case status if status >= _FIRST_SERVER_ERROR:
            return f"{who} failed ({said}): try again later"
    return f"{who} answered {said}"


def _upgrade(answer: Answer, redactor: Redactor) -> str:
    """Return what a 426 response says about supported versions and how to upgrade."""
    fields = decode_object(answer.body) or {}

    def text(name: str) -> str:
        value = fields.get(name)
        shown = redactor.text(value) if isinstance(value, str) else ""
        return " ".join(shown.split())[:_LONGEST_HINT]

    current, supported, upgrade = map(text, ("currentVersion", "supportedRange", "upgrade"))
    versions = f"it supports {supported}" if supported else ""
    if supported and current:
        versions += f", and this is {current}"
    how = f"run `{upgrade}`" if upgrade else "upgrade the `arkor` package of the project"
    return ", ".join(part for part in (versions, how) if part)
