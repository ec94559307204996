"""The adapter as a program: every request is answered, and nobody can do it or the run any harm."""

import contextlib
import json
import os
import signal
import socket
import subprocess

import pytest
from support.dap_client import ADAPTER, Debugger, Refused
from support.dap_schema import requests
from support.debug_scene import Scene, doubled
from support.waiting import GENEROUS_SECONDS

# The session's own begin and end are told apart.
ENDS = {"disconnect", "terminate", "restart"}


def test_every_request_of_the_protocol_is_answered_in_every_state(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.client()
    everything = {name: arguments for name, arguments in requests().items() if name not in ENDS}

    def ask_all(*but: str) -> dict[str, bool]:
        sent = {name: client.send(name, arguments) for name, arguments in everything.items() if name not in but}
        return {name: client.answer(seq)["success"] for name, seq in sent.items()}

    early = ask_all("initialize", "attach")
    assert [name for name, success in early.items() if success] == ["cancel"]
    client.attach(breakpoints={scene.path: [scene.line("round")]})
    stop = client.stopped()
    while_stopped = ask_all("initialize", "attach", "launch", "setBreakpoints", "continue", "next", "stepIn", "stepOut")
    for name in ("threads", "modules", "configurationDone", "pause"):
        assert while_stopped[name], name
    for name in ("readMemory", "disassemble", "stepBack", "restartFrame", "runInTerminal", "startDebugging"):
        assert not while_stopped[name], name
    client.set_breakpoints(scene.path)
    client.resume(stop)
    ask_all("attach", "launch", "setBreakpoints", "pause")
    client.disconnect()
    assert scene.finish().rows == doubled(1)


def test_a_storm_of_requests_is_answered_one_by_one(scene: Scene):
    scene.start(files=4)
    scene.wait_running(2)
    client = scene.attach("round")
    stops = [client.stopped(), client.stopped()]
    frames = [client.top(stop) for stop in stops]
    sent = []
    for number in range(100):
        for stop, frame in zip(stops, frames, strict=True):
            asked = {"expression": f"number * 0 + {number}", "frameId": frame["id"]}
            sent.append((client.send("evaluate", asked), number))
            sent.append((client.send("stackTrace", {"threadId": stop.thread}), None))
            sent.append((client.send("scopes", {"frameId": frame["id"]}), None))
            sent.append((client.send("threads"), None))
    for seq, number in sent:
        body = client.body(seq)
        assert number is None or body["result"] == str(number)
    client.disconnect()
    assert scene.finish().rows == doubled(4)


def test_wrong_types_are_refused_with_the_name_of_the_field(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round")
    stop = client.stopped()
    assert "threadId" in client.refusal("stackTrace", threadId="1")
    assert "threadId" in client.refusal("continue")
    assert "breakpoints" in client.refusal("setBreakpoints", source={"path": "x"}, breakpoints=[{"line": "1"}])
    assert "expression" in client.refusal("evaluate", expression=3, frameId=1)
    assert "not supported" in client.refusal("noSuchRequest")
    assert client.place(stop) == ("run", scene.line("round"))
    client.disconnect()
    assert scene.finish().rows == doubled(1)


@pytest.mark.parametrize(
    "bytes_of_it",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: 3\r\n\r\n{{{",
        b"Content-Length: 100000\r\n\r\n" + b"[" * 100000,
        b"Content-Length: 50\r\n\r\n{",
        b"\xff" * 100_000,
    ],
)
def test_garbage_ends_the_session_and_not_the_run(scene: Scene, bytes_of_it: bytes):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round")
    client.stopped()
    with contextlib.suppress(BrokenPipeError):  # it may end before it has read all
        client.stream.writer.write(bytes_of_it)
        client.stream.writer.close()
    client.wait_for_end()
    assert client.process and client.process.wait(GENEROUS_SECONDS) == 0
    assert scene.finish().rows == doubled(1)


def test_a_client_that_stops_reading_is_dropped(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    adapter = subprocess.Popen(
        [ADAPTER, "--home", scene.shell.home],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=scene.shell.environment,
    )
    assert adapter.stdin and adapter.stdout
    request = json.dumps({"seq": 1, "type": "request", "command": "x" * 100_000}).encode()
    try:
        for _ in range(1000):
            adapter.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(request), request))
            adapter.stdin.flush()
    except BrokenPipeError:
        pass
    assert adapter.wait(GENEROUS_SECONDS) == 0
    adapter.stdout.close()
    with pytest.raises(BrokenPipeError):
        adapter.stdin.write(b"x")
        adapter.stdin.flush()
    assert scene.finish().rows == doubled(1)


def listen(scene: Scene, *words: str) -> tuple[subprocess.Popen[str], dict]:
    process = subprocess.Popen(
        [ADAPTER, "--home", scene.shell.home, "--listen", "0", *words],
        stdout=subprocess.PIPE,
        text=True,
        env=scene.shell.environment,
    )
    assert process.stdout
    return process, json.loads(process.stdout.readline())


def test_over_tcp_only_who_shows_the_token_gets_in(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    server, told = listen(scene)
    assert len(told["token"]) == 64
    silent = socket.create_connection(("127.0.0.1", told["port"]))
    for token in (None, "", "wrong", told["token"][:-1] + "x"):
        client = Debugger.connect(told["port"])
        with pytest.raises(Refused, match="token"):
            client.attach(**({} if token is None else {"token": token}))
        client.disconnect()
        client.close()
    for _ in range(2):
        client = Debugger.connect(told["port"])
        client.attach(token=told["token"], breakpoints={scene.path: [scene.line("round")]})
        client.stopped()
        client.disconnect()
        client.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(GENEROUS_SECONDS) == 0
    silent.close()
    server.stdout.close()
    assert scene.finish().rows == doubled(1)


def test_connections_that_say_nothing_keep_nobody_out(scene: Scene):
    server, told = listen(scene)
    with contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(socket.create_connection(("127.0.0.1", told["port"])))
        client = Debugger.connect(told["port"])
        with pytest.raises(Refused, match="no run is running"):
            client.attach(token=told["token"])
        client.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait(GENEROUS_SECONDS) == 0
    server.stdout.close()


def test_it_listens_to_this_machine_only_and_takes_a_token_of_a_file(scene: Scene):
    file = scene.shell.folder / "token"
    token = "a-token-that-nobody-guesses-so-soon"
    for text, mode, expected in [(token, 0o644, "expected 0600"), ("my-token\n", 0o600, "expected at least 32")]:
        file.write_text(text)
        file.chmod(mode)
        refused = subprocess.run([ADAPTER, "--listen", "0", "--token-file", file], capture_output=True, text=True)
        assert refused.returncode == 1 and expected in refused.stderr
    file.write_text(token + "\n")
    server, told = listen(scene, "--token-file", str(file))
    assert list(told) == ["port"]
    hex_port = f"{told['port']:04X}"
    with open("/proc/net/tcp") as table:
        addresses = [line.split()[1] for line in table if line.split()[1].endswith(f":{hex_port}")]
    assert set(addresses) == {f"0100007F:{hex_port}"}
    client = Debugger.connect(told["port"])
    with pytest.raises(Refused, match="no run is running"):
        client.attach(token=token)
    client.close()
    server.send_signal(signal.SIGINT)
    assert server.wait(GENEROUS_SECONDS) == 0
    server.stdout.close()


def test_its_words_and_its_log(scene: Scene):
    version = subprocess.run([ADAPTER, "--version"], capture_output=True, text=True, check=True)
    assert version.stdout.startswith("batchscope-dap ")
    wrong = subprocess.run([ADAPTER, "--token-file", "x"], capture_output=True, text=True)
    assert wrong.returncode == 2 and "--listen" in wrong.stderr
    log = scene.shell.folder / "log"
    client = scene.client("--log", log)
    client.initialize()
    client.disconnect()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["from"], line["message"]["type"]) for line in lines] == [
        ("client", "request"),
        ("adapter", "response"),
        ("client", "request"),
        ("adapter", "response"),
    ]
    assert log.stat().st_mode & 0o777 == 0o600
    no_folder = subprocess.run([ADAPTER, "--log", "/nowhere/log"], capture_output=True, text=True)
    assert no_folder.returncode == 1 and "/nowhere/log" in no_folder.stderr


def test_a_signal_ends_it_and_takes_its_hands_off_the_run(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round")
    client.stopped()
    assert client.process
    os.kill(client.process.pid, signal.SIGTERM)
    client.wait_for_end()
    assert client.process.wait(GENEROUS_SECONDS) == 0
    assert scene.finish().rows == doubled(1)


def test_a_value_that_is_too_large_is_answered_and_the_next_one_too(scene: Scene):
    scene.start(files=1, process_count_per_node=1)
    scene.wait_in(0)
    client = scene.attach("round")
    stop = client.stopped()
    frame = client.top(stop)
    why = client.refusal("evaluate", expression="'x' * 20_000_000", frameId=frame["id"], context="clipboard")
    assert "the answer has 19.1 MiB, more than the 16.0 MiB that reach a client" in why
    assert client.evaluate("len('x' * 20_000_000)", frame) == "20000000"
    client.disconnect()
    assert scene.finish().rows == doubled(1)
