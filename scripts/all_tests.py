"""Runs the stages of scripts/test, reads the JUnit files of ctest and pytest, and sums up."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "results"
STAGE_LIMIT_SECONDS = 40 * 60  # a watchdog against a hang, no measure of speed
TAIL_LINES = 80
IN_CI = os.environ.get("CI") == "true"  # there a skipped test and a stage without tests are failures
DEFAULT_STAGES = ["format", "house", "unit", "python", "programs", "extension", "web", "fuzz"]
ALL_STAGES = [*DEFAULT_STAGES, "asan", "tsan", "tidy"]
PYTEST_FOLDERS = {
    "house": ["tests/tools"],
    "python": ["tests/runtime/python", "tests/kernel/python"],
    "programs": ["tests/e2e"],
}
# A browser and an editor that nobody here wrote now and then miss a click: these stages are run once more after a
# failure, which is said.
TRIED_TWICE = {"web"}
# Tests of Node: where they lie, and what `scripts/setup web` makes for them, as glob patterns.
NODE_TESTS = {"extension": "extension/out/test/**/*.test.js", "web": "tests/web/**/*.test.ts"}
NODE_NEEDS = {
    "extension": [".venv/bin/node", "extension/node_modules/.stamp"],
    "web": [".venv/bin/node", "extension/node_modules/.stamp", "tests/web/node_modules/.stamp"],
}
NODE_TEST_LIMIT_SECONDS = 10 * 60  # for one test, a watchdog too


@dataclass
class Outcome:
    """What a stage did: how many tests passed, which ones failed, which ones were skipped and why."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def commands(stage: str, junit: Path) -> Iterator[list[str]]:
    """The commands of a stage, in order; those that run tests write `junit`."""
    if stage in ("format", "tidy"):
        yield ["scripts/format", "--check"] if stage == "format" else ["scripts/tidy"]
    elif stage in NODE_TESTS:
        yield ["scripts/package_extension"]
        if stage == "web":
            yield ["node", "tests/web/node_modules/typescript/bin/tsc", "-p", "tests/web"]
        yield [
            *("node", "--test", "--test-concurrency=1", f"--test-timeout={NODE_TEST_LIMIT_SECONDS * 1000}"),
            *("--disable-warning=ExperimentalWarning", "--test-reporter=spec", "--test-reporter-destination=stdout"),
            *("--test-reporter=junit", f"--test-reporter-destination={junit}", NODE_TESTS[stage]),
        ]
    elif stage in PYTEST_FOLDERS:
        folders = [folder for folder in PYTEST_FOLDERS[stage] if (ROOT / folder).is_dir()]
        if folders:
            yield [sys.executable, "-m", "pytest", "-q", f"--junit-xml={junit}", *folders]
    else:
        build = f"build/{'dev' if stage == 'unit' else stage}"
        kind = "fuzz" if stage == "fuzz" else "unit"
        yield ["cmake", "--preset", build.removeprefix("build/")]
        yield ["cmake", "--build", build, "--target", f"batchscope_{kind}_tests", "--", "-j2"]
        yield ["ctest", "--test-dir", build, "-j2", "--output-on-failure", "--output-junit", str(junit)]


def missing(stage: str) -> str:
    """Why the stage cannot run on this machine; empty when it can."""
    needs = [name for name in NODE_NEEDS.get(stage, []) if not (ROOT / name).exists()]
    if stage == "web" and not shutil.which("chromium"):
        needs.append("chromium")
    return f"{', '.join(needs)} missing; `scripts/setup web` says why" if needs else ""


def run(command: list[str], log: Path) -> int:
    """The exit code of `command`, its output appended to `log`; at the limit it and its children are ended."""
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
        )
        try:
            return process.wait(STAGE_LIMIT_SECONDS)
        except BaseException as problem:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if not isinstance(problem, subprocess.TimeoutExpired):
                raise
            output.write(f"\nstopped after {STAGE_LIMIT_SECONDS} s: {' '.join(command)}\n".encode())
            return -signal.SIGKILL


def reason_of_skip(case: ElementTree.Element, skipped: ElementTree.Element) -> str:
    """pytest has the reason in the element; GoogleTest prints it after a line that ends in `Skipped`."""
    printed = re.search(r"Skipped\n(.*)", case.findtext("system-out") or "")
    return printed[1].strip() if printed else skipped.get("message", "")


def read_junit(path: Path) -> Outcome:
    """The outcome that a JUnit file of ctest or pytest tells."""
    outcome = Outcome()
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        place = case.get("classname", "")
        name = case.get("name", "")
        if place not in ("", "test", name):  # "test": every one of Node's
            name = f"{place}::{name}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            outcome.failed.append(name)
        elif skipped is not None or case.get("status") in ("notrun", "disabled"):
            reason = reason_of_skip(case, skipped) if skipped is not None else case.get("status", "")
            outcome.skipped.append(f"{name}: {reason}")
        else:
            outcome.passed += 1
    return outcome


def run_stage(stage: str) -> Outcome:
    """Runs one stage and prints its count; of a failed one also the end of its output."""
    junit, log = RESULTS / f"{stage}.xml", RESULTS / f"{stage}.log"
    junit.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    started = time.monotonic()
    code, ran = 0, False
    lacking = missing(stage)
    for command in [] if lacking else commands(stage, junit):
        ran = True
        code = run(command, log)
        if code != 0:
            break
    if code != 0 and stage in TRIED_TWICE and junit.exists():
        print(f"{stage + ':':10} once more, since these failed: {', '.join(read_junit(junit).failed)}", flush=True)
        code = run(command, log)
    if junit.exists():
        outcome = read_junit(junit)
    else:
        outcome = Outcome(passed=1 if ran and code == 0 else 0, skipped=[f"{stage}: {lacking}"] if lacking else [])
    if code not in (0, 5) and not outcome.failed:  # 5: pytest found no tests
        outcome.failed.append(f"{stage}: exit code {code}")
    if IN_CI and not (outcome.passed or outcome.failed or outcome.skipped):
        outcome.failed.append(f"{stage}: found no test")
    seconds = time.monotonic() - started
    counts = f"{outcome.passed} passed, {len(outcome.failed)} failed, {len(outcome.skipped)} skipped"
    print(f"{stage + ':':10} {counts} ({seconds:.0f} s)", flush=True)
    for name in outcome.failed:
        print(f"  FAILED {name}")
    for name in outcome.skipped:
        print(f"  SKIPPED {name}")
    if outcome.failed and log.exists():
        lines = log.read_text(errors="replace").splitlines()
        print(f"--- the end of {log.relative_to(ROOT)}", *lines[-TAIL_LINES:], "---", sep="\n", flush=True)
    return outcome


def main(arguments: list[str]) -> int:
    """Runs the named stages (the usual ones without names); the exit code."""
    stages = ALL_STAGES if "all" in arguments else arguments or DEFAULT_STAGES
    unknown = [stage for stage in stages if stage not in ALL_STAGES]
    if unknown:
        print(f"scripts/test: no stage {', '.join(unknown)}; there are: {' '.join(ALL_STAGES)} all", file=sys.stderr)
        return 2
    RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes = [run_stage(stage) for stage in stages]
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(len(outcome.failed) for outcome in outcomes)
    skipped = sum(len(outcome.skipped) for outcome in outcomes)
    if skipped and IN_CI:
        print("A skipped test is a failure in CI.")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or passed == 0 or (skipped and IN_CI) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
