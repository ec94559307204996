"""A notebook for tests: the kernel of the interpreter that runs pytest, spoken to through jupyter_client."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

KERNEL_NAME = "batchscope-test"
PATIENCE = 60  # seconds that a message may take on a busy machine; no measure of speed


@dataclass
class Outcome:
    """What came of a request: its reply's content, and what was published, in order, as (type, content)."""

    reply: dict
    published: list[tuple[str, dict]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.reply["status"]

    @property
    def outputs(self) -> list[tuple[str, dict]]:
        return [one for one in self.published if one[0] not in ("status", "execute_input")]

    def of(self, kind: str) -> list[dict]:
        return [content for name, content in self.published if name == kind]

    def text(self, stream: str = "stdout") -> str:
        return "".join(content["text"] for content in self.of("stream") if content["name"] == stream)

    @property
    def result(self) -> str | None:
        """The text of the last expression's value."""
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None


class Notebook:
    """One running kernel and a front end connected to it."""

    def __init__(self) -> None:
        self.manager = KernelManager(kernel_name=KERNEL_NAME)
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self._sequence = 0
        self._replies: list[dict] = []  # that nobody has asked for yet
        self._published: list[dict] = []

    @property
    def pid(self) -> int:
        return self.manager.provisioner.pid

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    # ---- requests

    def run(self, code: str, *, answers: list[str] | None = None, **options: object) -> Outcome:
        """Run a cell to its end; `answers` are typed when the cell asks."""
        return self.finish(self.client.execute(code, allow_stdin=answers is not None, **options), answers)

    def start(self, code: str) -> str:
        """Send a cell that prints `ready`, and return its id once that has been seen."""
        request = self.client.execute(code, allow_stdin=True)
        self.wait_for(request, lambda kind, content: kind == "stream" and "ready" in content["text"])
        return request

    def finish(self, request: str, answers: list[str] | None = None) -> Outcome:
        """The outcome of a cell that was sent."""
        for answer in answers or []:
            question = self.client.get_stdin_msg(timeout=PATIENCE)
            assert question["msg_type"] == "input_request", question
            self.client.input(answer)
        published = self.wait_for(request, lambda _, content: content.get("execution_state") == "idle")
        return Outcome(self.reply(request), published)

    def reply(self, request: str) -> dict:
        """The content of the reply on the shell channel."""
        while True:
            for message in self._replies:
                if message["parent_header"].get("msg_id") == request:
                    self._replies.remove(message)
                    return message["content"]
            self._replies.append(self.client.get_shell_msg(timeout=PATIENCE))

    def wait_for(self, request: str | None, found: Callable[[str, dict], bool]) -> list[tuple[str, dict]]:
        """All that is published for a request (None: for any) up to the first message that is looked for."""
        seen: list[tuple[str, dict]] = []
        others: list[dict] = []  # kept for who waits for them
        earlier, self._published = self._published, []
        while True:
            message = earlier.pop(0) if earlier else self.client.get_iopub_msg(timeout=PATIENCE)
            if request is not None and message["parent_header"].get("msg_id") != request:
                others.append(message)
                continue
            content = message["content"]
            seen.append((message["msg_type"], content))
            if found(message["msg_type"], content):
                self._published = others + earlier
                return seen

    def send(self, kind: str, content: dict) -> str:
        """Send any message on the shell channel."""
        message = self.client.session.msg(kind, content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def control(self, kind: str, content: dict) -> dict:
        """The content of the reply to a request on the control channel."""
        message = self.client.session.msg(kind, content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return reply["content"]

    def debug(self, command: str, **arguments: object) -> dict:
        """The response to a request of the Debug Adapter Protocol."""
        self._sequence += 1
        request = {"type": "request", "seq": self._sequence, "command": command, "arguments": arguments}
        return self.control("debug_request", request)

    def debug_event(self, name: str) -> dict:
        """The next event of this name."""
        seen = self.wait_for(None, lambda kind, content: kind == "debug_event" and content["event"] == name)
        return seen[-1][1]


@pytest.fixture(scope="session", autouse=True)
def kernelspec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The installed kernelspec; Jupyter and IPython look into folders of this test run only."""
    home = tmp_path_factory.mktemp("jupyter")
    command = [sys.executable, "-m", "batchscope.kernel", "install", "--prefix", str(home), "--name", KERNEL_NAME]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(home / "share" / "jupyter"))
        patch.setenv("JUPYTER_RUNTIME_DIR", str(home / "runtime"))
        patch.setenv("IPYTHONDIR", str(home / "ipython"))
        patch.setenv("MPLCONFIGDIR", str(home / "matplotlib"))
        for name in ("JPY_PARENT_PID", "MPLBACKEND"):
            patch.delenv(name, raising=False)
        yield home / "share" / "jupyter" / "kernels" / KERNEL_NAME


@pytest.fixture(scope="module")
def notebook(kernelspec: Path) -> Iterator[Notebook]:
    """One kernel for the tests of a module, which leave it usable."""
    shared = Notebook()
    yield shared
    shared.close()


@pytest.fixture
def own_notebook(kernelspec: Path) -> Iterator[Notebook]:
    """A kernel for one test, which may end it."""
    own = Notebook()
    yield own
    own.close()


@pytest.fixture
def wait_for_end() -> Callable[[int], bool]:
    """A function that waits until a process has ended; False when it has not for a long time."""
    import select

    def wait(pid: int) -> bool:
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        ended, _, _ = select.select([process], [], [], PATIENCE)
        os.close(process)
        return bool(ended)

    return wait
