"""Two CI services, as far as the README's recipes need them.

`GitHub` and `GitLab` run a pipeline as the services do, and refuse what they do not know: an
action, an input, a condition, a key.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import product
from pathlib import Path
from typing import Any

from tests.recipes import Finished, Machine

# --- GitHub --------------------------------------------------------------------------------------

_NOT_CANCELLED = "${{ !cancelled() }}"


@dataclass
class PipelineResult:
    """What a pipeline left behind, by the names of its jobs and artifacts."""

    place: Path
    results: dict[str, bool] = field(default_factory=dict)
    """For each job that ran (of a matrix: all of them), whether it succeeded."""
    ran: list[Finished] = field(default_factory=list)
    uploaded: Path | None = None
    """The Pages artifact."""
    site: Path | None = None
    """What Pages shows now."""

    def artifact(self, name: str) -> Path:
        return self.place / "artifacts" / name

    @property
    def summary(self) -> str:
        files = sorted(self.place.glob("*.summary.md"))
        return "".join(file.read_text("utf-8") for file in files)


@dataclass
class GitHub:
    """Runs workflows, one after another, as GitHub does."""

    place: Path
    machine: Machine
    secrets: Mapping[str, str]
    runs: int = 0

    @property
    def caches(self) -> Path:
        return self.place / "caches"

    def play(self, workflow: Mapping[Any, Any]) -> PipelineResult:
        """Run all jobs, each after those it needs."""
        # YAML 1.1 reads the key `on` as true.
        assert set(workflow) <= {"name", True, "permissions", "jobs"}
        self.runs += 1
        played = PipelineResult(self.place / f"run-{self.runs}")
        jobs = workflow["jobs"]
        needs = {name: _listed(job.get("needs", [])) for name, job in jobs.items()}
        assert {need for each in needs.values() for need in each} <= set(jobs)
        for name in TopologicalSorter(needs).static_order():
            condition = jobs[name].get("if")
            assert condition in (None, _NOT_CANCELLED), condition
            if condition or all(played.results.get(need) for need in needs[name]):
                played.results[name] = self._play_job(played, name, jobs[name], workflow)
        return played

    def _play_job(
        self, played: PipelineResult, name: str, job: Mapping[str, Any], workflow: Mapping[Any, Any]
    ) -> bool:
        assert set(job) <= {
            "needs", "if", "runs-on", "strategy", "permissions", "steps", "environment"
        }  # fmt: skip
        assert job["runs-on"] == "ubuntu-latest"
        matrix = job.get("strategy", {}).get("matrix", {})
        runners = [
            _Runner(
                self,
                played,
                f"{name}-{number}",
                job.get("environment", {}),
                job.get("permissions", workflow.get("permissions", {})),
                dict(zip(matrix, map(str, values), strict=True)),
            )
            for number, values in enumerate(product(*matrix.values()))
        ]
        with ThreadPoolExecutor() as pool:
            return all(list(pool.map(lambda runner: runner.play(job["steps"]), runners)))


@dataclass
class _Runner:
    """The machine that runs the steps of one job."""

    github: GitHub
    played: PipelineResult
    name: str
    environment: Mapping[str, str]
    permissions: Mapping[str, str]
    matrix: Mapping[str, str]
    failed: bool = False

    def __post_init__(self) -> None:
        self.workspace = self.played.place / self.name
        self.workspace.mkdir(parents=True)
        self.values = {
            "github.run_id": str(self.github.runs),
            **{f"matrix.{name}": value for name, value in self.matrix.items()},
            **{f"secrets.{name}": value for name, value in self.github.secrets.items()},
        }

    def play(self, steps: Iterable[Mapping[str, Any]]) -> bool:
        """Run the steps; return whether all succeeded."""
        for step in steps:
            assert set(step) <= {"id", "if", "uses", "with", "run", "env"}
            assert ("uses" in step) != ("run" in step), step
            condition = step.get("if")
            assert condition in (None, _NOT_CANCELLED), condition
            if self.failed and condition is None:
                continue
            if "run" in step:
                self._run(self._filled(step["run"]), step.get("env", {}))
            else:
                self._use(step)
        if "url" in self.environment:
            assert self._filled(self.environment["url"]).startswith("https://")
        return not self.failed

    def _run(self, script: str, variables: Mapping[str, str]) -> None:
        ran = self.github.machine.run_in_ci(
            script,
            self.workspace,
            CI="true",
            GITHUB_ACTIONS="true",
            GITHUB_STEP_SUMMARY=str(self.played.place / f"{self.name}.summary.md"),
            **{name: self._filled(value) for name, value in variables.items()},
        )
        self.played.ran.append(ran)
        self.failed = self.failed or ran.code != 0

    def _use(self, step: Mapping[str, Any]) -> None:
        actions: dict[str, Callable[..., Mapping[str, str] | None]] = {
            "actions/checkout@v4": lambda: None,
            "actions/cache/restore@v4": self._restore,
            "actions/cache/save@v4": self._save,
            "actions/upload-artifact@v4": self._upload,
            "actions/download-artifact@v4": self._download,
            "actions/upload-pages-artifact@v3": self._upload_pages,
            "actions/deploy-pages@v4": self._deploy_pages,
        }
        inputs = {
            name.replace("-", "_"): self._filled(value)
            for name, value in step.get("with", {}).items()
        }
        outputs = actions[step["uses"]](**inputs) or {}
        for name, value in outputs.items():
            self.values[f"steps.{step.get('id')}.outputs.{name}"] = value

    def _filled(self, text: str) -> str:
        """Replace expressions by their values; one that nobody set is a `KeyError`."""
        return re.sub(r"\$\{\{ *([\w.]+) *\}\}", lambda found: self.values[found[1]], text)

    def _restore(self, *, path: str, key: str, restore_keys: str) -> None:
        # The newest: run numbers grow with time.
        kept = [
            self.github.caches / key,
            *sorted(self.github.caches.glob(f"{restore_keys}*"))[::-1],
        ]
        newest = next((each for each in kept if each.is_dir()), None)
        if newest is not None:
            shutil.copytree(newest, self.workspace / path)

    def _save(self, *, path: str, key: str) -> None:
        assert not (self.github.caches / key).exists(), "a cache is never replaced"
        shutil.copytree(self.workspace / path, self.github.caches / key)

    def _upload(self, *, name: str, path: str) -> None:
        store_artifact(self.workspace, path, self.played.artifact(name))

    def _download(self) -> None:
        shutil.copytree(self.played.place / "artifacts", self.workspace, dirs_exist_ok=True)

    def _upload_pages(self, *, path: str) -> None:
        assert (self.workspace / path / "index.html").is_file()
        self.played.uploaded = self.workspace / path

    def _deploy_pages(self) -> Mapping[str, str]:
        assert self.permissions.get("pages") == "write"
        assert self.permissions.get("id-token") == "write"
        assert self.environment.get("name") == "github-pages"
        self.played.site = self.played.uploaded
        return {"page_url": "https://my-org.github.io/support-bot/"}


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def store_artifact(workspace: Path, path: str, into: Path) -> None:
    """Keep a file or a folder as GitHub does: nothing hidden, no empty folder, plain modes."""
    source = workspace / path
    top = source if source.is_dir() else source.parent
    files = source.rglob("*") if source.is_dir() else iter([source])
    assert not into.exists(), "an artifact is never replaced"
    for file in files:
        if file.is_dir() or any(part.startswith(".") for part in file.relative_to(workspace).parts):
            continue
        target = into / file.relative_to(top)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        target.chmod(0o644)
    assert into.is_dir(), f"there is nothing to keep in {path}"
    for folder in [into, *(each for each in into.rglob("*") if each.is_dir())]:
        folder.chmod(0o755)


# --- GitLab --------------------------------------------------------------------------------------

_ON_THE_DEFAULT_BRANCH = {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "when": "always"}


@dataclass
class GitLab:
    """Runs pipelines, one after another, as GitLab does."""

    place: Path
    machine: Machine
    variables: Mapping[str, str]
    """The project's."""
    runs: int = 0

    def play(self, pipeline: Mapping[str, Any], *, default_branch: bool = True) -> PipelineResult:
        """Run all jobs, each after those it needs."""
        self.runs += 1
        played = PipelineResult(self.place / f"pipeline-{self.runs}")
        needs = {name: job.get("needs", []) for name, job in pipeline.items()}
        assert {need for each in needs.values() for need in each} <= set(pipeline)
        for name in TopologicalSorter(needs).static_order():
            job = pipeline[name]
            rules = job.get("rules", [])
            assert rules in ([], [_ON_THE_DEFAULT_BRANCH])
            if rules and not default_branch:
                continue
            if rules or all(played.results.get(need) for need in needs[name]):
                played.results[name] = self._play_job(played, name, job)
        if played.results.get("pages"):
            played.site = played.artifact("pages") / "public"
        return played

    def _play_job(self, played: PipelineResult, name: str, job: Mapping[str, Any]) -> bool:
        assert set(job) <= {"image", "script", "cache", "artifacts", "needs", "rules"}
        workspace = played.place / name
        workspace.mkdir(parents=True)
        for need in job.get("needs", []):
            shutil.copytree(played.artifact(need), workspace, dirs_exist_ok=True)
        cache = job.get("cache", {})
        assert set(cache) <= {"key", "paths", "when"}
        kept = self.place / "caches" / cache.get("key", "default")
        if cache and kept.is_dir():
            shutil.copytree(kept, workspace, dirs_exist_ok=True)
        ran = self.machine.run_in_ci(
            "\n".join(job["script"]), workspace, CI="true", GITLAB_CI="true", **self.variables
        )
        played.ran.append(ran)
        succeeded = ran.code == 0
        if cache and (succeeded or cache.get("when") == "always"):
            _keep(workspace, cache["paths"], kept)
        self._keep_artifacts(
            job["artifacts"], workspace, played.artifact(name), succeeded=succeeded
        )
        return succeeded

    def _keep_artifacts(
        self, artifacts: Mapping[str, Any], workspace: Path, into: Path, *, succeeded: bool
    ) -> None:
        assert set(artifacts) <= {"when", "expose_as", "paths", "reports"}
        assert set(artifacts.get("reports", {})) <= {"junit"}
        # What GitLab allows in the name that a merge request shows.
        assert re.fullmatch(r"[\w -]{1,100}", artifacts.get("expose_as", "none"))
        if succeeded or artifacts.get("when") == "always":
            _keep(workspace, artifacts["paths"], into)
            _keep(workspace, artifacts.get("reports", {}).values(), into)


def _keep(workspace: Path, paths: Iterable[str], into: Path) -> None:
    for path in paths:
        source = workspace / path
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(source, target)
