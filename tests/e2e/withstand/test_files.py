"""Inputs, outputs and source directories as they are found in the world."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.shell import ENTRY_SCRIPTS, Shell
from support.small_disk import SmallDisk


@pytest.fixture
def small_disk(shell: Shell) -> Iterator[SmallDisk]:
    disk = SmallDisk(shell.folder / "disk", megabytes=1)
    yield disk
    disk.close()


def test_a_missing_input_folder_is_named(shell: Shell):
    shell.script("def run(mini_batch):\n    return mini_batch\n")
    ran = shell.call("run", shell.step())
    assert ran.code == 2
    assert str(shell.inputs) in ran.err


def test_an_empty_input_folder_is_named(shell: Shell):
    shell.inputs.mkdir()
    shell.script("def run(mini_batch):\n    return mini_batch\n")
    ran = shell.call("run", shell.step())
    assert ran.code == 2
    assert str(shell.inputs) in ran.err


def test_an_output_folder_that_cannot_be_written_is_named_before_anything_starts(shell: Shell):
    shell.files(2)
    shell.script("def run(mini_batch):\n    return mini_batch\n")
    (shell.folder / "a_file").touch()
    # Neither can be made, whoever asks; /sys takes no folders from root either.
    for output in [str(shell.folder / "a_file" / "out"), "/sys/batchscope-output"]:
        ran = shell.call("run", shell.step(output=output))
        assert ran.code == 2
        assert output in ran.err


def test_a_full_disk_is_said_and_what_was_finished_stays(shell: Shell, small_disk: SmallDisk):
    shell.files(40)
    shell.script("""
        import os, time

        output = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "parallel_run_step.txt")

        def run(mini_batch):
            name = os.path.basename(mini_batch[0])
            while name > "0001.txt" and os.path.getsize(output) == 0:  # the first rows come before the end
                time.sleep(0.005)
            return [name + " " + "x" * 100_000]
    """)
    step = shell.step(output=str(small_disk.folder))
    ran = shell.call("run", step, "--json", **small_disk.options)
    assert ran.code == 42
    assert small_disk.words in ran.last_line
    assert "parallel_run_step.txt" in ran.last_line
    shown = shell.show().result
    assert shown["status"] == "failed" and small_disk.words in shown["reason"]
    rows = small_disk.read("parallel_run_step.txt").splitlines()
    names = [row[:8] for row in rows]
    assert rows == [f"{name} {'x' * 100_000}" for name in names]
    assert names == sorted(set(names))
    assert 0 < len(rows) <= shown["mini_batches"]["succeeded"]


def test_a_hundred_thousand_tiny_files_come_back_in_order(shell: Shell):
    names = []
    for folder in range(100):
        where = shell.inputs / f"{folder:02}"
        where.mkdir(parents=True)
        for number in range(1000):
            name = f"{number:03}"
            os.close(os.open(where / name, os.O_CREAT | os.O_WRONLY, 0o644))
            names.append(name)
    ran = shell.run(shell.step("names.py", source_directory=str(ENTRY_SCRIPTS), mini_batch_size=10))
    assert ran.code == 0
    assert ran.result["mini_batches"] == {"total": 10_000, "succeeded": 10_000, "failed": 0, "tried_again": 0}
    assert ran.rows == names


def test_any_file_name_reaches_the_script_as_python_would_give_it(shell: Shell):
    shell.inputs.mkdir()
    names = [b"with space", b"line\nbreak", b"not utf-8 \xff\xfe", "größe ✓".encode(), b"quote'\"\\", b"-dash", b"#%*"]
    for name in names:
        Path(os.fsdecode(os.fsencode(shell.inputs) + b"/" + name)).write_text("x")
    shell.script("""
        import os

        def run(mini_batch):
            for path in mini_batch:
                assert open(path).read() == "x"
            return [os.fsencode(os.path.basename(path)).hex() for path in mini_batch]
    """)
    ran = shell.run(shell.step(mini_batch_size=3))
    assert ran.code == 0, ran.err
    assert sorted(bytes.fromhex(row) for row in ran.rows) == sorted(names)


def test_names_that_are_no_utf8_come_back_as_the_same_bytes(shell: Shell):
    shell.inputs.mkdir()
    Path(os.fsdecode(os.fsencode(shell.inputs) + b"/caf\xe9")).touch()
    shell.script("""
        import os

        def run(mini_batch):
            return [os.path.basename(path) for path in mini_batch]
    """)
    ran = shell.run()
    assert ran.code == 0, ran.err
    assert ran.output == b"caf\xe9\n"


def test_a_failing_mini_batch_with_such_names_is_shown_readably(shell: Shell):
    shell.inputs.mkdir()
    Path(os.fsdecode(os.fsencode(shell.inputs) + b"/caf\xe9 \n")).touch()
    shell.script("def run(mini_batch):\n    raise OSError('cannot read ' + mini_batch[0])\n")
    ran = shell.run(shell.step(run_max_try=1))
    assert ran.code == 42
    (error,) = shell.show().result["errors"]
    assert error["items"] == [f"{shell.inputs}/caf\\xe9 \n"]
    assert "caf" in shell.call("show", "latest").out


def test_a_source_directory_of_five_thousand_files_is_kept_with_the_run(shell: Shell):
    shell.files(2)
    for folder in range(50):
        where = shell.source / f"package_{folder}"
        where.mkdir()
        for number in range(100):
            (where / f"module_{number}.py").write_text(f"value = {number}\n")
    shell.script("""
        from package_49.module_99 import value

        def run(mini_batch):
            return [value for _ in mini_batch]
    """)
    ran = shell.run()
    assert ran.code == 0
    assert ran.rows == ["99", "99"]
    kept = Path(ran.result["folder"]) / "entry"
    assert sum(len(files) for _, _, files in os.walk(kept)) >= 5_001
    assert (kept / "package_7" / "module_8.py").read_text() == "value = 8\n"
