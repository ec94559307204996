"""Entry scripts that are wrong from the start, or whose run() goes wrong in every way there is."""

from support.shell import Shell


def test_a_script_without_run_is_refused_before_anything_starts(shell: Shell):
    shell.files(1)
    shell.script("def init():\n    pass\n")
    ran = shell.call("run", shell.step())
    assert ran.code == 2
    assert "score.py" in ran.err and "run(" in ran.err
    assert not shell.home.exists() or not list(shell.home.iterdir())


def test_a_syntax_error_is_shown_with_file_line_and_caret(shell: Shell):
    shell.files(3)
    shell.script("def run(mini_batch):\n    return [\n\nclass Broken:\n    x = = 1\n")
    ran = shell.run()
    assert ran.code == 42
    assert 'score.py", line ' in ran.err
    assert "SyntaxError" in ran.err
    assert any(line.strip() and set(line.strip()) == {"^"} for line in ran.err.splitlines()), ran.err
    assert "SyntaxError" in ran.last_line


def test_an_init_that_raises_on_every_worker_ends_the_run_at_once_with_its_traceback(shell: Shell):
    shell.files(30)
    shell.script(f"""
        import os

        def init():
            open({str(shell.folder)!r} + f"/init-{{os.getpid()}}", "x").close()
            model = {{}}
            return model["mnist"]

        def run(mini_batch):
            return mini_batch
    """)
    ran = shell.run()
    assert ran.code == 42
    assert 'return model["mnist"]' in ran.err and "KeyError: 'mnist'" in ran.err
    assert ran.last_line.startswith("batchscope: failed: ") and "init()" in ran.last_line
    assert ran.result["mini_batches"] == {"total": 30, "succeeded": 0, "failed": 0, "tried_again": 0}
    assert "KeyError: 'mnist'" in ran.log_text("job_result.txt") + ran.log_text("user/error.txt")


def test_a_run_that_raises_fails_its_mini_batch_and_the_rest_goes_through(shell: Shell):
    shell.files(10)
    shell.script("""
        import os

        def run(mini_batch):
            if mini_batch[0].endswith("0004.txt"):
                raise ValueError("cannot identify " + os.path.basename(mini_batch[0]))
            return [os.path.basename(path) for path in mini_batch]
    """)
    ran = shell.run(shell.step(run_max_try=2))
    assert ran.code == 0
    assert ran.rows == [f"{number:04}.txt" for number in range(10) if number != 4]
    assert "2 x ValueError: cannot identify 0004.txt" in ran.err
    errors = shell.show().result["errors"]
    assert [(error["mini_batch"], error["attempt"], error["last"]) for error in errors] == [(4, 0, False), (4, 1, True)]
    assert errors[1]["items"] == [str(shell.inputs / "0004.txt")]
    assert 'score.py", line 6, in run' in errors[1]["traceback"]
    assert "cannot identify 0004.txt" in ran.log_text("user/error.txt")
    assert "cannot identify 0004.txt" in ran.log_text("user/error/**/*")


def test_a_run_that_ends_python_only_fails_its_attempt(shell: Shell):
    shell.files(4)
    shell.script("""
        import sys

        def run(mini_batch):
            if mini_batch[0].endswith("0002.txt"):
                sys.exit("enough")
            return mini_batch
    """)
    ran = shell.run(shell.step(run_max_try=1))
    assert ran.code == 0
    assert "SystemExit: enough" in ran.err
    assert ran.result["mini_batches"]["succeeded"] == 3


def test_a_wrong_type_is_named_and_so_is_what_was_expected(shell: Shell):
    shell.files(2)
    shell.script("def run(mini_batch):\n    print(mini_batch)\n")
    ran = shell.run(shell.step(run_max_try=1))
    assert ran.code == 42  # append_row without a single succeeded item
    message = shell.show().result["errors"][0]["message"]
    assert "NoneType" in message and "list" in message and "DataFrame" in message
    assert "NoneType" in ran.err


def test_a_hang_is_ended_and_its_python_stack_is_in_the_logs(shell: Shell):
    shell.files(4)
    shell.script("""
        import threading

        def wait_for_godot():
            threading.Event().wait()

        def run(mini_batch):
            if mini_batch[0].endswith("0001.txt"):
                wait_for_godot()
            return mini_batch
    """)
    ran = shell.run(shell.step(run_invocation_timeout=3, run_max_try=1))
    assert ran.code == 0
    assert ran.result["mini_batches"] == {"total": 4, "succeeded": 3, "failed": 1, "tried_again": 0}
    (error,) = shell.show().result["errors"]
    assert error["kind"] == "timed_out" and "run_invocation_timeout" in error["message"]
    assert "wait_for_godot" in ran.log_text("user/**/*")


def test_a_native_hang_that_holds_the_gil_is_ended_and_its_stack_is_in_the_logs(shell: Shell):
    shell.files(4)
    shell.script("""
        import ctypes

        def sleep_with_the_gil():
            ctypes.PyDLL(None).sleep(100000)

        def run(mini_batch):
            if mini_batch[0].endswith("0001.txt"):
                sleep_with_the_gil()
            return mini_batch
    """)
    ran = shell.run(shell.step(run_invocation_timeout=3, run_max_try=1))
    assert ran.code == 0
    assert ran.result["mini_batches"] == {"total": 4, "succeeded": 3, "failed": 1, "tried_again": 0}
    assert "sleep_with_the_gil" in ran.log_text("user/**/*")
