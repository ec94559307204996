"""The public test-suite for kernels, jupyter_kernel_test, with patience for a busy machine."""

import jupyter_kernel_test

PATIENCE = 60


class TestProtocol(jupyter_kernel_test.KernelTests):
    kernel_name = "batchscope-test"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('to stderr', file=sys.stderr)"
    completion_samples = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "import stati", "matches": {"statistics"}},
    ]
    complete_code_samples = ["1", "print('x')", "def f(x):\n    return x\n\n\n", "%matplotlib inline"]
    incomplete_code_samples = ["print('''hello", "def f(x):\n    x", "for i in range(3):"]
    invalid_code_samples = ["import = 7q", "1 +* 2"]
    code_page_something = "zip?"
    code_generate_error = "raise ValueError('expected')"
    code_execute_result = [
        {"code": "1 + 2 + 3", "result": "6"},
        {"code": "[n * n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        {"code": "'history'", "result": "'history'"},
    ]
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>bold</b>'))", "mime": "text/html"},
        {"code": "from IPython.display import Math, display; display(Math('x'))", "mime": "text/latex"},
    ]
    code_history_pattern = "1 ? 2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    test_recv_iopub_welcome_msg = None  # the message is optional in the protocol; this kernel does not send it

    @classmethod
    def setUpClass(cls):
        jupyter_kernel_test.TIMEOUT = PATIENCE
        super().setUpClass()
        get_message = cls.kc.iopub_channel.get_msg

        def patiently(timeout=None):
            return get_message(timeout=PATIENCE)  # the suite would give up after 0.1 s

        cls.kc.iopub_channel.get_msg = patiently

    def flush_channels(self):
        """Read up to the end of a request of our own: nothing of an earlier one can come after it."""
        request = self.kc.kernel_info()
        while self.kc.get_shell_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != request:
            pass
        while True:
            message = self.kc.get_iopub_msg(timeout=PATIENCE)
            is_ours = message["parent_header"].get("msg_id") == request
            if is_ours and message["content"].get("execution_state") == "idle":
                return

    def get_non_kernel_info_reply(self, timeout=None):
        return super().get_non_kernel_info_reply(timeout=PATIENCE)
