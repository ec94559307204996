"""Interpreters of other versions, and the worker module for them."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pybind11

ROOT = Path(__file__).resolve().parents[2]
# Whether an interpreter can build for itself.
PROBE = """
import os, sys, sysconfig
fits = sys.implementation.name == "cpython" and sys.version.startswith(sys.argv[1] + ".")
sys.exit(not (fits and os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))))
"""
# What would lead an interpreter to the packages of the one that runs the tests.
HIDDEN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


def find_interpreter(version: str) -> Path | None:
    """A CPython of this version that runs and has its headers: on PATH, or one of pyenv's."""
    name = f"python{version}"
    candidates = [Path(folder, name) for folder in os.get_exec_path()]
    if shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        candidates += sorted(Path(root, "versions").glob(f"{version}*/bin/{name}"))
    for candidate in candidates:
        # On PATH may be a shim of pyenv that only says that there is nothing behind it.
        if candidate.exists() and not subprocess.run([candidate, "-c", PROBE, version], capture_output=True).returncode:
            return candidate
    return None


def build_worker(python: Path, version: str) -> Path:
    """The folder of the package's files, with the worker module for another interpreter; built in the checkout's
    `build`, where a second call finds what the first one has left."""
    build = ROOT / "build" / f"worker-{version}"
    build.mkdir(parents=True, exist_ok=True)
    with (build / "lock").open("w") as lock:  # against another run of the tests
        fcntl.flock(lock, fcntl.LOCK_EX)
        return build_worker_in(build, python)


def build_worker_in(build: Path, python: Path) -> Path:
    headers = build / "headers"
    headers.mkdir(parents=True, exist_ok=True)
    link = headers / "pybind11"
    if not link.exists():
        link.symlink_to(Path(pybind11.__file__).parent)
    environment = {name: value for name, value in os.environ.items() if name not in HIDDEN}
    # So that ccache knows what scripts/setup compiled.
    environment |= {"PYTHONPATH": str(headers), "CCACHE_BASEDIR": str(ROOT)}
    environment.setdefault("CXX", sysconfig.get_config_var("CXX").split()[0])
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DBATCHSCOPE_TESTS=OFF", "-DBATCHSCOPE_KERNEL=OFF"]
    configure = ["cmake", "-S", str(ROOT), "-B", str(build), "-G", "Ninja", f"-DPython_EXECUTABLE={python}", *options]
    for command in (configure, ["cmake", "--build", str(build), "--target", "_worker", "--", "-j2"]):
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    package = build / "python" / "batchscope"
    for source in (ROOT / "runtime" / "python" / "batchscope").glob("_*.py"):
        shutil.copy(source, package)
    return package


if __name__ == "__main__":
    print(build_worker(Path(sys.argv[1]), sys.argv[2]))
