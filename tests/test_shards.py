"""The README's recipes for many processes: all make the same report as a single one."""

import copy
import json
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from tests.pipelines import GitHub
from tests.recipes import (
    BROKEN,
    BUILDS,
    CHECKOUT,
    CLOUD,
    DONE,
    TOKEN,
    at_home,
    codes,
    files_of,
    in_ci,
    opened,
    recipe,
)
from tests.standin import StandIn

pytestmark = pytest.mark.thorough

SECTION = "More than one process"
WHOLE = "arkor-report build --out whole --snapshot-dir whole-snapshot"


# --- GitHub --------------------------------------------------------------------------------------


def test_github_shards_make_the_report_of_one_build(tmp_path: Path) -> None:
    workflow = yaml.safe_load(recipe("GitHub Actions", "yaml", 1))
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        here = in_ci(tmp_path, server)
        played = GitHub(tmp_path, here, {"ARKOR_TOKEN": TOKEN}).play(workflow)
        whole = here.run_in_ci(
            f"{BUILDS.findall(recipe('GitHub Actions', 'yaml', 0))[0]} --fail-on nan",
            tmp_path,
            ARKOR_REPORT_TOKEN=TOKEN,
        )
    assert codes(played.ran) == [0] * 9, [each.stderr for each in played.ran]
    assert played.results == {"fetch": True, "render": True}
    assert whole.code == 0, whole.stderr
    assert files_of(played.place / "render-0/out") == files_of(tmp_path / "out")
    report = (played.artifact("training-report") / "report.html").read_bytes()
    assert report == (tmp_path / "out/report.html").read_bytes()


# --- GNU parallel --------------------------------------------------------------------------------


@pytest.fixture
def _gnu_parallel() -> None:
    """Skip the test where GNU parallel is missing, and say so; fail it in CI."""
    try:
        version = subprocess.run(
            ["/usr/bin/parallel", "--version"], capture_output=True, check=True
        )
        if version.stdout.startswith(b"GNU parallel"):
            return
    except (OSError, subprocess.CalledProcessError):
        pass  # moreutils has another program of this name
    reason = "this recipe needs GNU parallel (Debian's package `parallel`)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.mark.usefixtures("_gnu_parallel")
def test_parallel_shards_make_the_report_of_one_build(tmp_path: Path) -> None:
    with StandIn(*DONE, BROKEN) as studio:
        here = at_home(tmp_path, studio, SOURCE_DATE_EPOCH="1780000000")
        project = here.home / "project"
        ran = here.run_in_ci(recipe(SECTION, "bash"), project)
        assert ran.code == 0, ran.stderr
        assert opened(studio) == len(DONE) + 1
        whole = here.run_in_ci(WHOLE, project)
    assert whole.code == 0, whole.stderr
    assert files_of(project / "out") == files_of(project / "whole")


# --- Kubernetes ----------------------------------------------------------------------------------


@pytest.fixture
def manifest() -> Any:
    return yaml.safe_load(recipe(SECTION, "yaml"))


@pytest.fixture(scope="module")
def validate() -> Callable[[Any], Any]:
    """Return what raises unless a value is a Job by the schema that Kubernetes publishes."""
    schema = json.loads((CHECKOUT / "tests/kubernetes-job.json").read_text("utf-8"))
    # Its formats, such as int32, are not JSON Schema's own.
    compiled: Callable[[Any], Any] = fastjsonschema.compile(schema, use_formats=False)
    return compiled


def test_kubernetes_accepts_the_manifest(manifest: Any, validate: Callable[[Any], Any]) -> None:
    validate(manifest)
    misspelled = copy.deepcopy(manifest)
    misspelled["spec"]["template"]["spec"]["containers"][0]["volumeMount"] = []
    with pytest.raises(fastjsonschema.JsonSchemaValueException, match="volumeMount"):
        validate(misspelled)


def test_kubernetes_indexes_make_the_report_of_one_build(tmp_path: Path, manifest: Any) -> None:
    spec = manifest["spec"]
    pod = spec["template"]["spec"]
    (container,), (volume,) = pod["containers"], pod["volumes"]
    assert spec["completionMode"] == "Indexed"
    assert container["volumeMounts"] == [
        {"name": volume["name"], "mountPath": container["workingDir"]}
    ]
    assert container["command"] == ["sh", "-c"]
    (script,) = container["args"]
    (variable,) = container["env"]
    assert variable["valueFrom"].keys() == {"secretKeyRef"}
    mounted = tmp_path / "volume"
    mounted.mkdir()
    # The root is read-only: what a pod writes elsewhere would be lost.
    nowhere = {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", variable["name"]: TOKEN}
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        here = in_ci(tmp_path, server)
        with ThreadPoolExecutor() as pods:
            indexes = map(str, range(spec["completions"]))
            starts = [
                pods.submit(here.run_in_ci, script, mounted, JOB_COMPLETION_INDEX=index, **nowhere)
                for index in indexes
            ]
        ran = [each.result() for each in starts]
        assert codes(ran) == [0] * spec["completions"], [each.stderr for each in ran]
        assert not Path("/nonexistent").exists()
        assert opened(server) == len(DONE) + 1
        scope = "--source cloud --org my-org --project support-bot"
        whole = here.run_in_ci(f"{WHOLE} {scope}", tmp_path, ARKOR_REPORT_TOKEN=TOKEN)
    assert whole.code == 0, whole.stderr
    _, _, merge_and_render = recipe(SECTION, "bash").partition("\n")
    rendered = here.run_in_ci(merge_and_render, mounted)
    assert rendered.code == 0, rendered.stderr
    assert files_of(mounted / "out") == files_of(tmp_path / "whole")
