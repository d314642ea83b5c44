"""Check what a build would read, and with which credentials: for `arkor-report doctor`."""

import platform
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata

from reportgen import __version__
from reportgen.errors import ReportError, SourceError
from reportgen.events import wire
from reportgen.model.origin import Origin
from reportgen.settings import SourceSettings
from reportgen.sources import NO_PROJECT, JobList, Source, credentials, event_loop
from reportgen.sources.choice import choose_source
from reportgen.text.secrets import Secrets

_PACKAGES = ("httpx", "httpx-sse", "msgspec", "jinja2")


@dataclass(frozen=True, slots=True)
class Finding:
    """One item that was checked, and the result; never a secret's value."""

    what: str
    found: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All findings; `trouble` is what would make a build fail, or None."""

    findings: tuple[Finding, ...]
    trouble: str | None


def examine(
    settings: SourceSettings,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    *,
    secrets: Secrets,
) -> Diagnosis:
    """Look for the secret and the scope, and request the source's job list."""
    findings = [Finding("versions", _versions()), Finding("source", settings.kind)]
    trouble: str | None = None
    if settings.kind != "demo":
        places = credentials.places(settings.kind, settings.token_file, environment)
        findings += [Finding("token", f"{place}: {found}") for place, found in places]
    try:
        source = choose_source(
            settings,
            environment,
            now,
            warn=lambda notice: findings.append(Finding("notice", notice)),
            secrets=secrets,
        )
        event_loop.run(_ask(source, findings))
    except ReportError as error:
        trouble = str(error)
    return Diagnosis(tuple(findings), trouble)


async def _ask(source: Source, findings: list[Finding]) -> None:
    try:
        try:
            jobs = await source.jobs()
            if jobs.introduction:
                findings.append(Finding("server", jobs.introduction))
        finally:
            if source.origin.url:
                findings.append(Finding("url", source.origin.url))
        try:
            identity = await source.identity()
            scope = NO_PROJECT if jobs.without_project else _scope(identity)
        except SourceError as error:
            scope = f"unknown: {error}"
        findings += [Finding("scope", scope), Finding("jobs", _count(jobs))]
    finally:
        await source.close()


def _scope(origin: Origin) -> str:
    parts = [part for part in (origin.org, origin.project) if part]
    scope = " / ".join(parts) or "unknown"
    return f"{origin.mode} · {scope}" if origin.mode else scope


def _count(jobs: JobList) -> str:
    read = (wire.decode_job(entry) for entry in jobs.entries)
    counts = Counter(job.status or "no status" for job in read if job is not None)
    counted = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
    return f"{len(jobs.entries)} listed" + (f": {counted}" if counted else "")


def _versions() -> str:
    packages = (f"{name} {metadata.version(name)}" for name in _PACKAGES)
    return ", ".join(
        [f"arkor-report {__version__}", f"Python {platform.python_version()}", *packages]
    )
