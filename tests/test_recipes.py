"""The README's recipes do what they promise: read from it, and run against a real server."""

import configparser
import fcntl
import re
import shlex
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from junitparser import JUnitXml

from tests.command import Command
from tests.recipes import CHECKOUT, WHEEL, Fence, Finished, GitHub, GitLab, Machine, fences, recipe
from tests.standin import Cloud, StandIn, failed, job, numbered, started, training

pytestmark = pytest.mark.thorough

CHAPTER = "In CI and cron"
TOKEN = "bearer-token-of-the-test"  # noqa: S105 - it opens the stand-in alone
CLOUD = Cloud(token=TOKEN, org="my-org", project="support-bot")
DONE = [job(f"job_{number}", events=training(6, f"job_{number}")) for number in range(20)]
BROKEN = job(
    "job_broken",
    "failed",
    events=numbered([started("job_broken"), failed("out of memory", "job_broken")]),
)
RECIPES = [
    ("GitHub Actions", "yaml"),
    ("GitHub Actions", "yaml"),
    ("GitLab", "yaml"),
    ("Jenkins", "groovy"),
    ("cron", "crontab"),
    ("systemd", "ini"),
    ("systemd", "ini"),
]
BUILDS = re.compile(r"arkor-report\"? (?:build|snapshot)\b[^'\n]*")


def recipes() -> list[Fence]:
    return [each for each in fences() if each.chapter == CHAPTER]


def machine(place: Path, **environment: str) -> Machine:
    return Machine(place / "home", environment).install()


def in_ci(place: Path, server: StandIn) -> Machine:
    return machine(place, ARKOR_CLOUD_API_URL=server.url, SOURCE_DATE_EPOCH="1780000000")


def at_home(place: Path, studio: StandIn) -> Machine:
    """Return a machine where `arkor dev` runs: a token in its home, beside a project."""
    studio.write_token(place / "home/.arkor/studio-token")
    (place / "home/project").mkdir()
    return machine(place, ARKOR_REPORT_URL=studio.url)


def opened(server: StandIn) -> int:
    return sum(request.job_id is not None for request in server.requests)


def codes(ran: list[Finished]) -> list[int]:
    return [each.code for each in ran]


def files_of(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


# --- All of them ---------------------------------------------------------------------------------


def test_each_recipe_is_tried_here() -> None:
    assert [(each.section, each.language) for each in recipes()] == RECIPES


def test_every_recipe_limits_its_waiting() -> None:
    builds = [build for each in recipes() for build in BUILDS.findall(each.text)]
    assert len(builds) == 6
    for build in builds:
        assert re.search(r" --max-wait \d+m( |$)", build), build


def test_what_recipes_install_is_this_project() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))["project"]
    installs = [line for each in recipes() for line in re.findall(r"pip install.*", each.text)]
    assert installs
    assert set(installs) == {f"pip install {WHEEL}"}
    assert WHEEL.startswith(f"wheels/{project['name'].replace('-', '_')}-")
    assert project["scripts"] == {"arkor-report": "reportgen.cli:main"}


# --- GitHub --------------------------------------------------------------------------------------


def workflow(number: int) -> Any:
    return yaml.safe_load(recipe("GitHub Actions", "yaml", number))


def test_github_keeps_everything_of_a_build_that_fails_by_its_rules(tmp_path: Path) -> None:
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        github = GitHub(tmp_path, in_ci(tmp_path, server), {"ARKOR_TOKEN": TOKEN})
        played = github.play(workflow(0))
        assert codes(played.ran) == [0, 5], played.ran[-1].stderr
        assert played.results == {"report": False, "deploy": True}
        assert files_of(played.artifact("training-report")).keys() == {"report.html"}
        assert "job_broken" in (played.artifact("training-report") / "report.html").read_text()
        assert played.site is not None
        assert (played.site / "jobs/job_broken.html").is_file()
        assert "job_broken" in played.summary
        assert "::error" in played.ran[-1].stderr
        before = opened(server)
        again = github.play(workflow(0))
        assert codes(again.ran) == [0, 5]
        assert opened(server) == before, "what was saved is not restored"


def test_github_gives_each_job_only_the_permissions_that_it_needs() -> None:
    for number in (0, 1):
        assert workflow(number)["permissions"] == {"contents": "read"}
    jobs = workflow(0)["jobs"]
    assert "permissions" not in jobs["report"]
    assert jobs["deploy"]["permissions"] == {"pages": "write", "id-token": "write"}


def test_github_starts_on_demand_and_on_schedule() -> None:
    # YAML 1.1 reads the key `on` as true.
    triggers = workflow(0)[True]
    assert triggers.keys() == {"workflow_dispatch", "schedule"}
    (schedule,) = triggers["schedule"]
    assert_is_a_schedule(schedule["cron"])
    assert workflow(1)[True] == "workflow_dispatch"


def test_github_shards_make_the_report_of_one_build(tmp_path: Path) -> None:
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        here = in_ci(tmp_path, server)
        played = GitHub(tmp_path, here, {"ARKOR_TOKEN": TOKEN}).play(workflow(1))
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


# --- A baseline ----------------------------------------------------------------------------------


def test_a_build_that_got_worse_fails(tmp_path: Path) -> None:
    jobs = [
        job(name, name="bot", createdAt=f"2026-05-0{day}T00:00:00Z", events=training(steps, name))
        for day, (name, steps) in enumerate([("good", 40), ("bad", 8)], start=1)
    ]
    script = recipe("Better than before?", "console").removeprefix("$ ")
    with StandIn(*jobs) as studio:
        ran = at_home(tmp_path, studio).run_in_ci(script, tmp_path / "home/project")
    assert ran.code == 5, ran.stderr
    assert "regression>5%: bad (bot)" in ran.stderr


# --- GitLab --------------------------------------------------------------------------------------


def test_gitlab_keeps_and_publishes_what_fails_by_its_rules(tmp_path: Path) -> None:
    pipeline = yaml.safe_load(recipe("GitLab", "yaml"))
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        gitlab = GitLab(tmp_path, in_ci(tmp_path, server), {"ARKOR_REPORT_TOKEN": TOKEN})
        played = gitlab.play(pipeline)
        assert codes(played.ran) == [5, 0], played.ran[0].stderr
        assert played.results == {"report": False, "pages": True}
        before = opened(server)
        branch = gitlab.play(pipeline, default_branch=False)
        assert opened(server) == before, "what was cached is not used"
    assert played.site is not None
    assert (played.site / "index.html").is_file()
    assert branch.site is None
    shown = pipeline["report"]["artifacts"]
    assert shown["expose_as"] == "Training report"
    cases = JUnitXml.fromfile(str(branch.artifact("report") / shown["reports"]["junit"]))
    assert (cases.tests, cases.failures) == (len(DONE) + 1, 1)


# --- Jenkins -------------------------------------------------------------------------------------


def test_jenkins_keeps_a_report_that_its_policy_lets_look_right(tmp_path: Path) -> None:
    text = recipe("Jenkins", "groovy")
    assert text.count("{") == text.count("}")
    assert re.search(r"ARKOR_REPORT_TOKEN = credentials\('[\w-]+'\)", text)
    (script,) = re.findall(r"\bsh '([^'\\]*)'", text)
    _, _, always = text.partition("always {")
    (junit,) = re.findall(r"junit '([^']*)'", always)
    (target,) = re.findall(r"publishHTML\(target: \[(.*)\]\)", always)
    shown = dict(re.findall(r"(\w+): (?:')?([^',]*)", target))
    with StandIn(*DONE, BROKEN, cloud=CLOUD) as server:
        ran = in_ci(tmp_path, server).run_in_ci(script, tmp_path, ARKOR_REPORT_TOKEN=TOKEN)
    assert ran.code == 5, ran.stderr
    cases = JUnitXml.fromfile(str(tmp_path / junit))
    assert cases.failures == 1
    folder = tmp_path / shown["reportDir"]
    page = (folder / shown["reportFiles"]).read_text("utf-8")
    assert "<style" not in page
    linked = re.findall(r"(?:href|src)=\"(report\.\w+)\"", page)
    assert set(linked) == {"report.css", "report.js"}
    assert all((folder / each).is_file() for each in linked)


# --- cron ----------------------------------------------------------------------------------------


def assert_is_a_schedule(fields: str) -> None:
    """Check the five time fields of a crontab line, as far as the recipes use them."""
    first_and_last = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
    for given, (first, last) in zip(fields.split(" "), first_and_last, strict=True):
        found = re.fullmatch(r"\*(?:/(\d+))?|(\d+)", given)
        assert found, given
        number = found[1] or found[2]
        assert number is None or max(first, 1 if found[1] else 0) <= int(number) <= last


def cron_line() -> str:
    """Return the command of the crontab, which is one line."""
    (line,) = recipe("cron", "crontab").splitlines()
    *fields, command = line.split(" ", 5)
    assert_is_a_schedule(" ".join(fields))
    assert "%" not in command, "cron would end the command there"
    return command


@pytest.mark.skipif(
    shutil.which("flock", path="/usr/bin:/bin") is None, reason="there is no flock here"
)
def test_cron_builds_one_at_a_time_and_logs(tmp_path: Path) -> None:
    command = cron_line()
    with StandIn(*DONE, BROKEN) as studio:
        here = at_home(tmp_path, studio)
        project = here.home / "project"
        log = project / "arkor-report.log"
        ran = here.run(command, here.home)
        assert (ran.code, ran.stdout, ran.stderr) == (0, "", ""), log.read_text("utf-8")
        first = log.read_text("utf-8")
        assert "job_broken" in first
        assert (project / "out/jobs/job_broken.html").is_file()
        asked = len(studio.requests)
        with (project / ".arkor-report.flock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert here.run(command, here.home).code != 0
        assert len(studio.requests) == asked
        assert log.read_text("utf-8") == first
        assert here.run(command, here.home).code == 0
        assert len(studio.requests) > asked
    assert log.read_text("utf-8").startswith(first)
    assert len(log.read_text("utf-8")) > len(first)


# --- systemd -------------------------------------------------------------------------------------


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    return parser


def test_systemd_runs_a_build(tmp_path: Path) -> None:
    service = unit(recipe("systemd", "ini", 0))["Service"]
    with StandIn(*DONE, BROKEN) as studio:
        here = at_home(tmp_path, studio)
        command = service["ExecStart"].replace("%h", str(here.home))
        directory = Path(service["WorkingDirectory"].replace("%h", str(here.home)))
        assert directory == here.home / "project"
        assert Path(shlex.split(command)[0]) == here.bin / "arkor-report"
        # systemd starts no shell: each word reaches the command unchanged.
        ran = here.run(f"exec {shlex.join(shlex.split(command))}", directory)
    assert ran.code == 0, ran.stderr
    assert (directory / "out/jobs/job_broken.html").is_file()


def test_systemd_starts_it_on_schedule() -> None:
    assert unit(recipe("systemd", "ini", 0))["Service"]["Type"] == "oneshot"
    timer = unit(recipe("systemd", "ini", 1))
    assert timer["Timer"]["OnCalendar"]
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    here = machine(tmp_path, XDG_RUNTIME_DIR=str(tmp_path / "runtime"))
    for folder in ("runtime", "units", "home/project"):
        (tmp_path / folder).mkdir()
    names = ["arkor-report.service", "arkor-report.timer"]
    for number, name in enumerate(names):
        (tmp_path / "units" / name).write_text(recipe("systemd", "ini", number))
    verify = "systemd-analyze verify --user --man=no"
    ran = here.run(f"{verify} ./{names[0]} ./{names[1]}", tmp_path / "units")
    if "Failed to initialize manager" in ran.stderr:
        pytest.skip("systemd-analyze does not work here")
    assert ran.code == 0, ran.stderr
    # Ignored settings do not change its exit code. It may also warn about the machine's own units.
    assert "arkor-report" not in ran.stderr


# --- Settings, completion ------------------------------------------------------------------------


def test_the_configuration_file_is_accepted_as_printed(command: Command) -> None:
    text = recipe("Persistent settings", "toml")
    file = command.directory / "ci/arkor-report.toml"
    file.parent.mkdir()
    file.write_text(text)
    result = command.run("config", "--config", str(file))
    assert result.code == 0, result.stderr
    in_force = {line.split()[0]: line for line in result.stdout.splitlines()}
    keys = tomllib.loads(text).keys()
    assert keys
    for key in keys:
        assert "arkor-report.toml" in in_force[key]


def completion_lines() -> list[str]:
    text = (CHECKOUT / "README.md").read_text("utf-8")
    return re.findall(r"`((?:eval )?[^`]*_ARKOR_REPORT_COMPLETE=\w+_source[^`]*)`", text)


def test_the_lines_for_completion_work(tmp_path: Path) -> None:
    bash, fish = completion_lines()
    here = machine(tmp_path)
    for line, shell in ((bash, "bash"), (bash.replace("bash", "zsh"), "zsh"), (fish, "fish")):
        (asks,) = re.findall(r"_ARKOR_REPORT_COMPLETE=\w+ arkor-report", line)
        script = here.run_in_ci(asks, tmp_path).stdout
        assert f"_ARKOR_REPORT_COMPLETE={shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
def test_the_line_for_bash_sets_completion_up(tmp_path: Path) -> None:
    line = completion_lines()[0]
    script = f"{line}\ncomplete -p arkor-report"
    ran = machine(tmp_path).run_in_ci(f"bash -c {shlex.quote(script)}", tmp_path)
    assert (ran.code, ran.stderr) == (0, "")
    assert "arkor-report" in ran.stdout
