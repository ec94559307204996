"""The house plan as a test: who may include whom, how long files are, what each folder has, which words stay out."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = Path(__file__).with_name("layers.txt")
MAX_LINES = 600
MAX_COLUMNS = 120
NOT_OURS = {".git", "build", "dist", ".venv", "node_modules", "__pycache__", ".pytest_cache", ".ipynb_checkpoints"}
CPP = {".h", ".cc"}
CODE = CPP | {".py", ".ts", ".cmake", ".sh"}
TEXT = CODE | {".md", ".txt", ".toml", ".json", ".ipynb", ".yml", ".yaml", ""}
SYSTEM_FOLDERS = ("sys/", "linux/", "arpa/", "net/", "netinet/", "bits/", "asm/")
LOCKS = {"package-lock.json", "server-lock.json"}  # names of others' packages, which may hold any word
FOLDERS_WITHOUT_README = {"cmake", "requirements", "scripts"}
# Put together from pieces, so that this file does not hold them.
FORBIDDEN = {
    "a path of one machine": re.compile("|".join(["/wo" + r"rk/", "/tm" + r"p/bs\b", r"(?<![\w.}])/ro" + r"ot\b"])),
    "a registry's host": re.compile(r"\b(py" + r"pi|pythonhosted|npm" + r"js|registry)\.(org|com|npm" + r"js)\b"),
    "a word about the workplace": re.compile(r"\b(sub-?)?ag" + r"ents?\b|\bLL" + r"Ms?\b", re.IGNORECASE),
    "a number of an issue": re.compile(r"\bissue" + r"s? #?\d+", re.IGNORECASE),
    "an unfinished place": re.compile(r"\b(TO" + "DO|FIX" + "ME|XX" + r"X)\b"),
}


@dataclass
class Room:
    """What a line of layers.txt allows a room: rooms or headers below, libraries in .cc files, libraries in headers."""

    below: list[str]
    in_source: list[str]
    in_header: list[str]


def read_layers(text: str) -> dict[str, Room]:
    """The rooms of layers.txt with everything the rooms below bring along."""
    own: dict[str, Room] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, rest = line.split(":")
            own[name.strip()] = Room(*(part.split() for part in rest.split("|")))

    def whole(name: str) -> Room:
        room = own.get(name, Room([], [], []))
        lower = [whole(below) for below in room.below if below in own]
        return Room(
            [*room.below, *(below for each in lower for below in each.below)],
            [*room.in_source, *(library for each in lower for library in each.in_source)],
            [*room.in_header, *(library for each in lower for library in each.in_header)],
        )

    return {name: whole(name) for name in own}


def files(root: Path, suffixes: set[str]) -> Iterator[Path]:
    """Our own files below `root`, as paths relative to it."""
    for folder, names, file_names in os.walk(root):
        names[:] = sorted(name for name in names if name not in NOT_OURS and not name.endswith(".egg-info"))
        for name in sorted(file_names):
            path = Path(folder, name)
            if path.suffix in suffixes and path.is_file():
                yield path.relative_to(root)


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def rule_of(folder: str, layers: dict[str, Room]) -> Room | None:
    """The rule for a folder; that of tests/<room> is made from the room's own."""
    if folder in layers:
        return layers[folder]
    tested = layers.get(folder.removeprefix("tests/"))
    if not folder.startswith("tests/") or tested is None:
        return None
    support = layers.get("tests/support", Room([], [], []))
    libraries = [*tested.in_source, *tested.in_header, *support.in_source, *support.in_header]
    return Room([folder.removeprefix("tests/"), *tested.below, "tests/support", *support.below], libraries, libraries)


def may_use(header: str, allowed: list[str]) -> bool:
    """Whether a library's header is among the allowed prefixes (`fmt/`) or names (`zmq.hpp`)."""
    return any(header == each or (each.endswith("/") and header.startswith(each)) for each in allowed)


def is_library(header: str, layers: dict[str, Room]) -> bool:
    """Whether <header> belongs to somebody other than the compiler and the system."""
    known = [each for room in layers.values() for each in [*room.in_source, *room.in_header]]
    system = "/" not in header or header.startswith(SYSTEM_FOLDERS)
    return may_use(header, known) or header.endswith(".hpp") or not system


def wrong_includes(root: Path, layers: dict[str, Room]) -> Iterator[str]:
    """Includes that layers.txt does not allow, and folders of C++ it does not know."""
    unknown = set()
    for path in files(root, CPP):
        folder = path.parent.as_posix()
        rule = rule_of(folder, layers)
        if rule is None:
            unknown.add(folder)
            continue
        libraries = [*rule.in_header, *(rule.in_source if path.suffix == ".cc" else [])]
        for number, line in enumerate(text_of(root / path).splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
            if not found:
                continue
            header = found[2]
            if found[1] == '"':
                fine = os.path.dirname(header) in [folder, *rule.below] or header in rule.below
            else:
                fine = not is_library(header, layers) or may_use(header, libraries)
            if not fine:
                yield f"{path}:{number}: {folder} may not include {header} here; tests/tools/layers.txt says who may"
    yield from (f"{folder}: C++ in a folder that tests/tools/layers.txt does not know" for folder in sorted(unknown))


def wrong_sizes(root: Path) -> Iterator[str]:
    """Files that are too long, or hold a line that is."""
    for path in [*files(root, CODE), *(each for each in files(root, {".txt"}) if each.name == "CMakeLists.txt")]:
        lines = text_of(root / path).splitlines()
        if len(lines) > MAX_LINES:
            yield f"{path}: {len(lines)} lines, at most {MAX_LINES}; one idea a file"
        yield from (
            f"{path}:{number}: {len(line)} columns, at most {MAX_COLUMNS}"
            for number, line in enumerate(lines, 1)
            if len(line) > MAX_COLUMNS
        )


def headers_without_guard(root: Path) -> Iterator[str]:
    for path in files(root, {".h"}):
        if "#pragma once\n" not in text_of(root / path):
            yield f"{path}: has no #pragma once"


def forbidden_words(root: Path) -> Iterator[str]:
    for path in (each for each in files(root, TEXT) if each.name not in LOCKS):
        for number, line in enumerate(text_of(root / path).splitlines(), 1):
            found = [what for what, word in FORBIDDEN.items() if word.search(line)]
            yield from (f"{path}:{number}: {what}: {line.strip()[:80]}" for what in found)


def folders_without_readme(root: Path) -> Iterator[str]:
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        ours = folder.name not in NOT_OURS | FOLDERS_WITHOUT_README and not folder.name.startswith(".")
        if ours and not (folder / "README.md").is_file():
            yield f"{folder.name}/: has no README.md"


def unmirrored_tests(root: Path) -> Iterator[str]:
    """Unit tests in a folder that mirrors no folder of sources."""
    for path in files(root / "tests", {".cc"}):
        if path.name.endswith("_test.cc") and not (root / path.parent).is_dir():
            yield f"tests/{path}: there is no {path.parent}/ that it tests"


CHECKS = {
    "includes follow the layers": lambda root: wrong_includes(root, read_layers(text_of(LAYERS))),
    "files and lines are short": wrong_sizes,
    "headers have their guard": headers_without_guard,
    "forbidden words stay out": forbidden_words,
    "folders have a README": folders_without_readme,
    "tests mirror the sources": unmirrored_tests,
}


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_this_house(check):
    problems = list(check(ROOT))
    assert not problems, "\n" + "\n".join(problems)


# The checks themselves, on a small house with one thing wrong in it.
SMALL_LAYERS = read_layers("a :   | json/ | fmt/\nb : a | zmq.hpp |\ntests/support : | | gtest/\n")


def problems_of(root: Path, place: str, text: str, check) -> list[str]:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_text(text)
    return [problem.split(": ")[0] for problem in check(root)]


@pytest.mark.parametrize(
    ("place", "include", "is_allowed"),
    [
        ("b/x.cc", '"a/y.h"', True),
        ("a/x.cc", '"b/y.h"', False),
        ("a/x.cc", '"y.h"', False),
        ("a/x.cc", "<json/all.hpp>", True),
        ("a/x.h", "<json/all.hpp>", False),
        ("b/x.h", "<fmt/core.h>", True),
        ("a/x.cc", "<zmq.hpp>", False),
        ("a/x.cc", "<boost/any.hpp>", False),
        ("a/x.h", "<sys/stat.h>", True),
        ("tests/b/x_test.cc", '"a/y.h"', True),
        ("tests/a/x_test.cc", '"b/y.h"', False),
        ("tests/a/x_test.cc", "<gtest/gtest.h>", True),
    ],
)
def test_an_include_is_judged_by_its_layer(tmp_path, place, include, is_allowed):
    text = f"#pragma once\n#include {include}\n"
    problems = problems_of(tmp_path, place, text, lambda root: wrong_includes(root, SMALL_LAYERS))
    assert problems == ([] if is_allowed else [f"{place}:2"])


def test_an_unknown_room_is_found(tmp_path):
    assert problems_of(tmp_path, "c/x.cc", "", lambda root: wrong_includes(root, SMALL_LAYERS)) == ["c"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("\n" * MAX_LINES, []),
        ("\n" * (MAX_LINES + 1), ["a/x.cc"]),
        ("x" * MAX_COLUMNS, []),
        ("\n" + "x" * (MAX_COLUMNS + 1), ["a/x.cc:2"]),
    ],
)
def test_a_size_is_judged_at_its_limit(tmp_path, text, found):
    assert problems_of(tmp_path, "a/x.cc", text, wrong_sizes) == found


def test_a_header_without_guard_is_found(tmp_path):
    assert problems_of(tmp_path, "a/x.h", "int x;\n", headers_without_guard) == ["a/x.h"]


@pytest.mark.parametrize(
    "text", ["/wo" + "rk/main", "/ro" + "ot/x", "py" + "pi.org", "the ag" + "ent", "issue" + " 7", "TO" + "DO"]
)
def test_a_forbidden_word_is_found(tmp_path, text):
    assert problems_of(tmp_path, "a/x.md", f"fine\n{text}\n", forbidden_words) == ["a/x.md:2"]


def test_usual_words_are_no_forbidden_ones(tmp_path):
    text = "${x}/root, tests/root, a worker's session, urgent issues\n"
    assert problems_of(tmp_path, "a/x.md", text, forbidden_words) == []


def test_a_folder_without_readme_is_found(tmp_path):
    assert problems_of(tmp_path, "a/x.md", "", folders_without_readme) == ["a/"]


def test_a_test_that_mirrors_nothing_is_found(tmp_path):
    assert problems_of(tmp_path, "tests/a/x_test.cc", "", unmirrored_tests) == ["tests/a/x_test.cc"]
    (tmp_path / "a").mkdir()
    assert list(unmirrored_tests(tmp_path)) == []
