"""`pip install` of the checkout into fresh environments, as people type it, and what is there afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from support.processes import wait_until_gone
from support.shell import Ran, Shell

pytestmark = pytest.mark.timeout(1500)  # a watchdog: nothing may be in the compiler's cache

ROOT = Path(__file__).resolve().parents[3]
WITH_KERNEL = "3.11"
WITHOUT_KERNEL = ["3.10", "3.12", "3.13"]
NOT_SOURCES = (".git", ".venv", "build", "__pycache__", ".pytest_cache", "node_modules")
HIDDEN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "BATCHSCOPE_HOME", "BATCHSCOPE_PACKAGE", "JUPYTER_PATH")

# Whether an interpreter can make an environment and build for itself.
PROBE = """
import os, sys, sysconfig, ensurepip, venv
fits = sys.implementation.name == "cpython" and sys.version.startswith(sys.argv[1] + ".")
sys.exit(not (fits and os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
"""

ENTRY_SCRIPT = """
import os, sys

def run(mini_batch):
    return ["%s %d.%d" % (os.path.basename(path), *sys.version_info[:2]) for path in mini_batch]
"""

SUBMIT = """
import batchscope
config = batchscope.ParallelRunConfig(entry_script="score.py", source_directory="source", mini_batch_size=1,
                                      process_count_per_node=2, error_threshold=-1)
run = batchscope.ParallelRunStep(name="some-step", parallel_run_config=config, inputs=["inputs"]).submit()
run.wait()
print("rows:", run.output.read_text().splitlines())
"""

# Starts the kernel sys.argv[1] and prints who answers, and what a cell says of where it runs.
TALK = """
import sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(startup_timeout=120, kernel_name=sys.argv[1])
info = client.kernel_info(reply=True, timeout=120)["content"]
print(info["implementation"], info["implementation_version"], flush=True)
client.execute_interactive("import batchscope, sys; print(sys.prefix)", timeout=120)
client.stop_channels()
manager.shutdown_kernel()
"""


@dataclass
class Environment:
    """A virtual environment with Batchscope in it.

    Attributes
    ----------
    before
        What was in it before Batchscope and its dependencies were installed.
    """

    folder: Path
    version: str
    variables: dict[str, str]
    before: set[Path]

    def call(self, program: str, *words: str | Path, cwd: Path | None = None, **variables: str) -> Ran:
        """Run a program of the environment to its end."""
        done = subprocess.run(
            [self.folder / "bin" / program, *words],
            cwd=cwd or self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def files_of_others(self) -> set[Path]:
        """The files of every other package."""
        packages = self.folder / "lib" / f"python{self.version}" / "site-packages"
        others = [one for one in metadata.distributions(path=[str(packages)]) if one.name != "batchscope"]
        return {Path(os.path.abspath(file.locate())) for one in others for file in one.files or []}


def files_below(folder: Path) -> set[Path]:
    """All files, without byte code whose source is gone or somebody else's."""
    found = {path for path in folder.rglob("*") if not path.is_dir()}
    return {path for path in found if path.parent.name != "__pycache__" or "batchscope" in path.parts}


def interpreter(version: str) -> Path:
    """A CPython of this version that runs; skips the test, by name, where there is none."""
    name = f"python{version}"
    candidates = [Path(folder, name) for folder in os.get_exec_path()]
    if version == WITH_KERNEL:
        candidates = [Path(sys.base_prefix, "bin", name)]
    elif shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        candidates += sorted(Path(root, "versions").glob(f"{version}*/bin/{name}"))
    for candidate in candidates:
        # On PATH may be a shim of pyenv that only says that there is nothing behind it.
        if candidate.exists() and not subprocess.run(
            [candidate, "-c", PROBE, version], capture_output=True, check=False
        ).returncode:
            return candidate
    pytest.skip(f"no CPython {version} with its headers and venv: no {name} on PATH that runs, none of pyenv")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: the build folders of the checkout itself are those of scripts/setup."""
    folder = tmp_path_factory.mktemp("checkout") / "batchscope"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_SOURCES), symlinks=True)
    return folder


@pytest.fixture(scope="module")
def install(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Environment]:
    """Makes an environment of a version and runs `pip install WORDS` in the copy of the checkout."""

    def make(version: str, *words: str) -> Environment:
        folder = tmp_path_factory.mktemp(f"python{version}") / "environment"
        subprocess.run([interpreter(version), "-m", "venv", folder], check=True)
        variables = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        # So that ccache knows what scripts/setup or an earlier run of this test compiled: paths count from the copy,
        # and the compiler has the name it has for the interpreter of scripts/setup.
        variables["CCACHE_BASEDIR"] = str(checkout)
        variables.setdefault("CXX", sysconfig.get_config_var("CXX").split()[0])
        environment = Environment(folder, version, variables, files_below(folder))
        installed = environment.call("pip", "install", *words, cwd=checkout)
        assert installed.code == 0, installed.out[-4000:] + installed.err[-4000:]
        return environment

    return make


@pytest.fixture(scope="module")
def with_kernel(install: Callable[..., Environment]) -> Environment:
    return install(WITH_KERNEL, ".")


@pytest.fixture(scope="module", params=WITHOUT_KERNEL)
def without_kernel(install: Callable[..., Environment], checkout: Path, request: pytest.FixtureRequest) -> Environment:
    return install(request.param, str(checkout), "--no-deps")


@pytest.fixture
def jupyter_home(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables of a user without any files, for Jupyter and IPython."""
    home = tmp_path / "home"
    home.mkdir()
    yield {
        "HOME": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }
    wait_until_gone(home)


def check_a_step(environment: Environment, folder: Path) -> None:
    """A step of three files, from the shell and from Python, in workers of the environment's Python."""
    shell = Shell(folder / "place", environment.folder / "bin" / "batchscope")
    shell.files(3)
    shell.script(ENTRY_SCRIPT)
    expected = [f"{number:04}.txt {environment.version}" for number in range(3)]

    ran = shell.run()
    assert ran.code == 0, ran.err
    assert ran.rows == expected

    ran = environment.call("python", "-c", SUBMIT, cwd=shell.folder, BATCHSCOPE_HOME=str(folder / "runs"))
    assert ran.code == 0, ran.err
    assert f"rows: {expected}" in ran.out
    wait_until_gone(shell.folder)


def check_a_kernel(environment: Environment, name: str, **variables: str) -> None:
    """The kernel of this name answers, and runs in the environment."""
    heard = environment.call("python", "-c", TALK, name, **variables)
    expected = f"batchscope {metadata.version('batchscope')}\n{environment.folder}\n"
    assert (heard.code, heard.out) == (0, expected), heard.err


def test_with_cpython_3_11_a_step_runs(with_kernel: Environment, tmp_path: Path):
    check_a_step(with_kernel, tmp_path)


def test_jupyter_knows_the_kernel_and_it_starts(with_kernel: Environment, jupyter_home: dict[str, str]):
    listed = with_kernel.call("jupyter", "kernelspec", "list", "--json", **jupyter_home)
    assert listed.code == 0, listed.err
    ours = json.loads(listed.out)["kernelspecs"]["batchscope"]
    assert ours["spec"]["display_name"] == "Python (Batchscope)"
    assert Path(ours["resource_dir"]) == with_kernel.folder / "share" / "jupyter" / "kernels" / "batchscope"

    check_a_kernel(with_kernel, "batchscope", **jupyter_home)


def test_a_kernel_registered_below_a_prefix_starts(
    with_kernel: Environment, jupyter_home: dict[str, str], tmp_path: Path
):
    words = ["-m", "batchscope.kernel", "install", "--prefix", tmp_path / "prefix", "--name", "other"]
    registered = with_kernel.call("python", *words, **jupyter_home)
    assert registered.code == 0, registered.err
    share = tmp_path / "prefix" / "share" / "jupyter"
    spec = json.loads((share / "kernels" / "other" / "kernel.json").read_text())
    assert spec["argv"][0] == str(with_kernel.folder / "bin" / "python")

    check_a_kernel(with_kernel, "other", JUPYTER_PATH=str(share), **jupyter_home)


def test_a_kernel_registered_for_the_user_lies_in_the_users_folder(
    with_kernel: Environment, jupyter_home: dict[str, str]
):
    registered = with_kernel.call("python", "-m", "batchscope.kernel", "install", "--user", **jupyter_home)
    assert registered.code == 0, registered.err
    file = Path(jupyter_home["JUPYTER_DATA_DIR"], "kernels", "batchscope", "kernel.json")
    assert json.loads(file.read_text())["display_name"] == "Python (Batchscope)"


@pytest.mark.parametrize("words", [[], ["-f", "c.json"], ["install", "--user"]], ids=["bare", "run", "install"])
def test_without_the_kernel_its_program_says_in_one_line_what_is_missing(
    without_kernel: Environment, words: list[str], jupyter_home: dict[str, str]
):
    ran = without_kernel.call("python", "-m", "batchscope.kernel", *words, **jupyter_home)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1), ran.err
    assert ran.err.startswith(
        "batchscope.kernel: there is no Batchscope kernel for this Python: its native part is built for CPython 3.11 "
        f"only, and this is cpython {without_kernel.version}."
    )


def test_without_the_kernel_a_step_runs_in_workers_of_that_python(without_kernel: Environment, tmp_path: Path):
    check_a_step(without_kernel, tmp_path)


def test_without_the_kernel_jupyter_is_offered_none(without_kernel: Environment):
    assert not (without_kernel.folder / "share" / "jupyter").exists()


# The last one: it takes away what the others look at.
def test_an_uninstall_leaves_nothing_of_ours(with_kernel: Environment):
    removed = with_kernel.call("pip", "uninstall", "-y", "batchscope")
    assert removed.code == 0, removed.err
    left = files_below(with_kernel.folder) - with_kernel.before - with_kernel.files_of_others()
    assert sorted(left) == []
    assert list(with_kernel.folder.rglob("batchscope*")) == []
