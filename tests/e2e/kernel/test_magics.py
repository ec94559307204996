"""IPython's magics, and those of a kernel."""

import pytest


def test_writefile_writes_the_cell(notebook, tmp_path):
    outcome = notebook.run(f"%%writefile {tmp_path}/script.py\ndef init():\n    print('é')\n")
    assert outcome.text() == f"Writing {tmp_path}/script.py\n"
    assert (tmp_path / "script.py").read_text(encoding="utf-8") == "def init():\n    print('é')\n"
    assert notebook.run(f"%%writefile -a {tmp_path}/script.py\n# more").text() == f"Appending to {tmp_path}/script.py\n"
    assert notebook.run(f"%run {tmp_path}/script.py\ninit()").text() == "é\n"


PRINTS = {
    "%%bash": ("%%bash\necho $((1 + 2))", "3\n"),
    "!command": ("!echo one two", "one two\r\n"),
    "output of a command": ("lines = !echo one; echo two\nprint(list(lines))", "['one', 'two']\n"),
    "%%capture": ("%%capture kept\nprint('a')\ndisplay(1)", ""),
    "what was captured": ("print(kept.stdout.strip(), len(kept.outputs))", "a 1\n"),
    "%%python": ("%%python\nprint(1 + 1)", "2\n"),
    "%%script": ("%%script cat\nhello", "hello\n"),
    "%env": ("%env BATCHSCOPE_TEST=1\nimport os; print(os.environ['BATCHSCOPE_TEST'])", "env: BATCHSCOPE_TEST=1\n1\n"),
    "%cd": ("%cd -q /\n%pwd\nimport os; print(os.getcwd())", "/\n"),
    "%precision": ("%precision 2\nprint(1)", "1\n"),
}


@pytest.mark.parametrize(("code", "printed"), PRINTS.values(), ids=PRINTS.keys())
def test_a_magic_prints(notebook, code, printed):
    outcome = notebook.run(code)
    assert (outcome.status, outcome.text()) == ("ok", printed)


CONTAINS = {
    "%timeit": ("%timeit -n1 -r1 pass", "1 loop each"),
    "%%time": ("%%time\n1 + 1", "Wall time"),
    "%who": ("here = 1\n%who", "here"),
    "%history": ("%history -n 1", "1:"),
    "%lsmagic": ("print(get_ipython().run_line_magic('lsmagic', ''))", "%%writefile"),
    "%connect_info": ("%connect_info", '"shell_port"'),
    "%prun": ("%prun -q pass", ""),
    "%pip": ("%pip --version", "pip"),
    "%xmode": ("%xmode Context", "Context"),
}


@pytest.mark.parametrize(("code", "part"), CONTAINS.values(), ids=CONTAINS.keys())
def test_a_magic_says(notebook, code, part):
    outcome = notebook.run(code)
    assert outcome.status == "ok"
    assert part in outcome.text() + (outcome.result or "")


def test_magics_that_show_a_page_or_fill_a_cell_send_payloads(notebook, tmp_path):
    (tmp_path / "code.py").write_text("value = 1\n")
    assert notebook.run("len?").reply["payload"][0]["source"] == "page"
    assert notebook.run(f"%less {tmp_path}/code.py").reply["payload"][0]["data"]["text/plain"] == "value = 1\n"
    (payload,) = notebook.run(f"%load {tmp_path}/code.py").reply["payload"]
    assert (payload["source"], payload["replace"]) == ("set_next_input", True)
    assert "value = 1" in payload["text"]


def test_html_magic_and_clear_are_displays(notebook):
    assert notebook.run("%%html\n<b>x</b>").of("display_data")[0]["data"]["text/html"].strip() == "<b>x</b>"
    assert notebook.run("%clear").of("clear_output") == [{"wait": False}]


def test_autoreload_reloads(notebook, tmp_path):
    module = tmp_path / "reloaded_module.py"
    module.write_text("VALUE = 1\n")
    notebook.run(
        "%load_ext autoreload\n%autoreload 2\n"
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport reloaded_module"
    )
    module.write_text("VALUE = 20  # longer, so that its compiled form is not taken for current\n")
    assert notebook.run("reloaded_module.VALUE").result == "20"
    notebook.run("%autoreload 0\nsys.path.pop(0)")


def test_libraries_see_that_they_run_in_a_notebook(notebook):
    outcome = notebook.run("shell = get_ipython()\n(type(shell).__name__, 'IPKernelApp' in shell.config)")
    assert outcome.result == "('ZMQInteractiveShell', True)"


def test_the_interpreter_is_the_users_own(notebook):
    import sys

    outcome = notebook.run("import sys\nmine = 1\n(sys.executable, __name__, sys.modules['__main__'].mine)")
    assert outcome.result == repr((sys.executable, "__main__", 1))
