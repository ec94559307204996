"""The first screen of README.md runs as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

from support.shell import Shell

README = Path(__file__).resolve().parents[3] / "README.md"


def test_the_twenty_lines_of_the_readme_run(shell: Shell):
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    (_, script), (_, program), (_, step), (_, commands) = blocks
    texts = shell.folder / "texts"
    texts.mkdir()
    for number in range(8):
        (texts / f"{number}.txt").write_text("some longer words and a few " * number)
    (shell.folder / "count_words.py").write_text(script)
    (shell.folder / "step.yml").write_text(step)
    expected = "".join(f"{number}.txt {3 * number}\n" for number in range(8))

    for command in commands.splitlines():
        ran = shell.call(*command.split()[1:])
        assert ran.code == 0, ran.err
    assert (shell.folder / "counts" / "parallel_run_step.txt").read_text() == expected

    environment = {**shell.environment, "BATCHSCOPE_HOME": str(shell.folder / "other_home")}
    done = subprocess.run(
        [sys.executable, "-c", program + "print(run.output.read_text())"],
        cwd=shell.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(expected + "\n")
