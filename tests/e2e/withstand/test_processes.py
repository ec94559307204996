"""Workers that die, flood their streams, fork, or leave threads behind."""

from support.shell import Shell


def test_a_worker_that_exits_is_replaced_and_its_code_is_said(shell: Shell):
    shell.files(6)
    shell.script("""
        import os

        def run(mini_batch):
            if mini_batch[0].endswith("0003.txt"):
                os._exit(3)
            return [os.path.basename(path) for path in mini_batch]
    """)
    ran = shell.run(shell.step(run_max_try=2))
    assert ran.code == 0
    assert ran.rows == [f"{number:04}.txt" for number in range(6) if number != 3]
    errors = shell.show().result["errors"]
    assert [(error["kind"], error["mini_batch"], error["attempt"]) for error in errors] == [
        ("process_died", 3, 0),
        ("process_died", 3, 1),
    ]
    assert "exit code 3" in ran.err


def test_a_killed_worker_costs_one_attempt_only(shell: Shell):
    shell.files(6)
    shell.script("""
        import os, signal

        def run(mini_batch, context):
            if mini_batch[0].endswith("0003.txt") and context.retry_count == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return [os.path.basename(path) for path in mini_batch]
    """)
    ran = shell.run()
    assert ran.code == 0
    assert ran.rows == [f"{number:04}.txt" for number in range(6)]
    assert ran.result["mini_batches"] == {"total": 6, "succeeded": 6, "failed": 0, "tried_again": 1}
    (error,) = shell.show().result["errors"]
    assert "SIGKILL" in error["type"] + error["message"]


def test_a_crash_in_native_code_is_named(shell: Shell):
    shell.files(3)
    shell.script("""
        import ctypes

        def run(mini_batch):
            if mini_batch[0].endswith("0001.txt"):
                ctypes.string_at(0)
            return mini_batch
    """)
    ran = shell.run(shell.step(run_max_try=1))
    assert ran.code == 0
    assert "SIGSEGV" in ran.err


def test_a_hundred_megabytes_on_stdout_go_to_their_log_and_nowhere_else(shell: Shell):
    shell.files(2)
    shell.script("""
        def run(mini_batch):
            for _ in range(500):
                print("x" * (100 * 1024 - 1))
            return mini_batch
    """)
    ran = shell.run()
    assert ran.code == 0
    sizes = [path.stat().st_size for path in ran.logs.glob("user/stdout/**/*") if path.is_file()]
    assert sum(sizes) == 2 * 500 * 100 * 1024
    assert len(ran.out) < 10_000 and len(ran.err) < 10_000


def test_scripts_may_fork_and_start_processes(shell: Shell):
    shell.files(4)
    shell.script("""
        import multiprocessing, os, subprocess, sys

        def square(number):
            return number * number

        def run(mini_batch):
            child = os.fork()
            if child == 0:
                return ["from a child"]  # as a careless script does; it is no worker
            os.waitpid(child, 0)
            with multiprocessing.get_context("fork").Pool(2) as pool:
                squares = pool.map(square, [1, 2, 3])
            said = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, check=True)
            return [f"{squares} {said.stdout.strip()}" for _ in mini_batch]
    """)
    ran = shell.run()
    assert ran.code == 0, ran.err
    assert ran.rows == ["[1, 4, 9] 42"] * 4


def test_threads_and_processes_that_outlive_run_do_not_outlive_the_run(shell: Shell):
    shell.files(4)
    shell.script("""
        import subprocess, threading

        def run(mini_batch):
            threading.Thread(target=threading.Event().wait).start()
            subprocess.Popen(["sleep", "100000"], start_new_session=True)
            return mini_batch
    """)
    ran = shell.run()  # which checks that no process is left
    assert ran.code == 0
    assert ran.result["mini_batches"]["succeeded"] == 4


def test_two_runs_at_once_do_not_disturb_each_other(shell: Shell):
    shell.files(40)
    met = [shell.folder / "first", shell.folder / "second"]
    # Each run goes on when it has seen the other one.
    text = """
        import os, sys, time
        mine, other = sys.argv[-2:]

        def run(mini_batch):
            open(mine, "a").close()
            while not os.path.exists(other):
                time.sleep(0.005)
            return [os.path.basename(mine)]
    """
    shell.script(text)
    steps = [
        shell.step(name=f"step-{mine.name}", file=f"{mine.name}.yml", arguments=["--files", str(mine), str(other)])
        for mine, other in [met, met[::-1]]
    ]
    started = [shell.submit(step) for step in steps]
    ran = [each.end() for each in started]
    assert [each.code for each in ran] == [0, 0], ran[0].err + ran[1].err
    assert [each.rows for each in ran] == [["first"] * 40, ["second"] * 40]


def test_two_runs_into_one_output_file_at_once_are_refused(shell: Shell):
    shell.files(2)
    gate = shell.folder / "go"
    shell.script(f"""
        import os, time

        def run(mini_batch):
            while not os.path.exists({str(gate)!r}):
                time.sleep(0.005)
            return mini_batch
    """)
    step = shell.step(output=str(shell.folder / "out"))
    first = shell.submit(step)
    shell.wait_for_file(shell.folder / "out" / "parallel_run_step.txt")
    second = shell.call("run", step)
    gate.touch()
    ran = first.end()
    assert second.code == 2 and "parallel_run_step.txt" in second.err
    assert ran.code == 0 and len(ran.rows) == 2
