"""A step and its configuration, with Azure's parameter names; values are checked by the engine, all at once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batchscope import _engine
from batchscope._display import debugger_waits, progress_sink
from batchscope.attach import debugpy_folder
from batchscope.dataset import FileDataset, PathText, input_to_json, plain
from batchscope.errors import BatchscopeError, ConfigurationError, engine_errors
from batchscope.run import Run


class ParallelRunConfig:
    """How an entry script is run over its mini-batches. Holds the values; `ParallelRunStep` checks them.

    What is left out (None) gets the default in brackets. Relative paths are taken from the working directory where the
    step is made, `entry_script` from `source_directory`.

    Parameters
    ----------
    environment : path, optional
        The Python interpreter that workers are [the one that submits].
    entry_script : path
        The file with ``run(mini_batch)``, and ``init()`` and ``shutdown()`` when needed.
    error_threshold : int
        How many failed items a run bears; -1: any number. Must be given.
    output_action : str, optional
        ``append_row`` or ``summary_only`` [append_row].
    compute_target : object, optional
        Taken as Azure's does; a run takes place on this machine.
    node_count : int, optional
        [1]
    process_count_per_node : int, optional
        How many worker processes [the number of cores].
    mini_batch_size : int or str, optional
        Files a mini-batch [10].
    source_directory : path, optional
        What the script needs beside itself; the run keeps a copy [the script's folder].
    description : str, optional
        For people.
    logging_level : str, optional
        ``WARNING``, ``INFO`` or ``DEBUG`` [INFO].
    run_invocation_timeout : float, optional
        Seconds one call of run() may take [60].
    run_max_try : int, optional
        How often a mini-batch is tried [3].
    append_row_file_name : str, optional
        The output file's name [parallel_run_step.txt].
    allowed_failed_count : int, optional
        How many mini-batches may use up their tries [any number].
    allowed_failed_percent : float, optional
        The same in percent of all, checked at the end [100].
    partition_keys : list of str, optional
        Not supported yet.
    environment_variables : mapping, optional
        What workers get in their environment.
    task_overhead_timeout : float, optional
        Seconds for all that surrounds a call of run() [30].
    progress_update_timeout : float, optional
        Seconds without any finished mini-batch that end the run [3 x both of the above].
    resource_monitor_interval : float, optional
        Seconds between two samples of CPU and memory; 0: none [20].
    **unknown
        Anything else is refused when a step is made, with the nearest right name.
    """

    def __init__(
        self,
        environment: PathText | None = None,
        entry_script: PathText | None = None,
        error_threshold: int | None = None,
        output_action: str | None = None,
        compute_target: Any = None,
        node_count: int | None = None,
        process_count_per_node: int | None = None,
        mini_batch_size: int | str | None = None,
        source_directory: PathText | None = None,
        description: str | None = None,
        logging_level: str | None = None,
        run_invocation_timeout: float | None = None,
        run_max_try: int | None = None,
        append_row_file_name: str | None = None,
        allowed_failed_count: int | None = None,
        allowed_failed_percent: float | None = None,
        partition_keys: Sequence[str] | None = None,
        environment_variables: Mapping[str, str] | None = None,
        *,
        task_overhead_timeout: float | None = None,
        progress_update_timeout: float | None = None,
        resource_monitor_interval: float | None = None,
        **unknown: Any,
    ) -> None:
        self.environment = environment
        self.entry_script = entry_script
        self.error_threshold = error_threshold
        self.output_action = output_action
        self.compute_target = compute_target
        self.node_count = node_count
        self.process_count_per_node = process_count_per_node
        self.mini_batch_size = mini_batch_size
        self.source_directory = source_directory
        self.description = description
        self.logging_level = logging_level
        self.run_invocation_timeout = run_invocation_timeout
        self.run_max_try = run_max_try
        self.append_row_file_name = append_row_file_name
        self.allowed_failed_count = allowed_failed_count
        self.allowed_failed_percent = allowed_failed_percent
        self.partition_keys = partition_keys
        self.environment_variables = environment_variables
        self.task_overhead_timeout = task_overhead_timeout
        self.progress_update_timeout = progress_update_timeout
        self.resource_monitor_interval = resource_monitor_interval
        for name, value in unknown.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"ParallelRunConfig({given})"


class ParallelRunStep:
    """What to run on what. Making one checks everything; nothing starts before `submit()`.

    Parameters
    ----------
    name : str
        3 to 32 small letters, digits and '-', a letter first, no '-' last.
    parallel_run_config : ParallelRunConfig or mapping
        How.
    inputs : sequence
        Each one a path (file, folder or glob), a list of these, or a `FileDataset`; each is split into mini-batches on
        its own.
    output : path, optional
        The folder of the output file; the run's own when left out.
    side_inputs : sequence, optional
        Not supported yet.
    arguments : sequence, optional
        What the script finds in ``sys.argv``; the first begins with '-'.
    allow_reuse : bool
        Taken as Azure's does; each run is a new one.
    model_dir : path, optional
        A folder of models, for scripts that look into ``AZUREML_MODEL_DIR``.
    debug : str or bool, optional
        ``on`` (people may look inside with a debugger), ``off`` (no debugger is ever loaded), or ``lane``: one worker
        more, which a debugger that attaches stops at each of its mini-batches [on].
    debug_lane : str, int or sequence of int, optional
        With ``debug="lane"`` what that worker gets: ``next`` (a mini-batch whenever it is free), ``failed`` (every
        second and later try), or mini-batches by their number [next].
    debug_lease : float, optional
        Seconds after which a stop in the debugger that nobody looks at is ended and the worker goes on [3600].
    hold_on_failure : float, optional
        Seconds that a worker waits for a debugger when its mini-batch failed for good, while a fresh worker has taken
        its place; the run does not end before [0].
    **unknown
        Anything else is refused, with the nearest right name.

    Raises
    ------
    ConfigurationError
        Values are missing or wrong; the text has all problems, a line each.
    """

    def __init__(
        self,
        name: str | None = None,
        parallel_run_config: ParallelRunConfig | Mapping[str, Any] | None = None,
        inputs: PathText | FileDataset | Sequence[Any] | None = None,
        output: PathText | None = None,
        side_inputs: Sequence[Any] | None = None,
        arguments: Sequence[Any] | None = None,
        allow_reuse: bool = True,
        *,
        model_dir: PathText | None = None,
        debug: str | bool | None = None,
        debug_lane: str | int | Sequence[int] | None = None,
        debug_lease: float | None = None,
        hold_on_failure: float | None = None,
        **unknown: Any,
    ) -> None:
        self.name = name
        self.parallel_run_config = parallel_run_config
        self.inputs = inputs
        self.output = output
        self.side_inputs = side_inputs
        self.arguments = arguments
        self.allow_reuse = allow_reuse
        self.model_dir = model_dir
        self.debug = debug
        self.debug_lane = debug_lane
        self.debug_lease = debug_lease
        self.hold_on_failure = hold_on_failure
        self._unknown = unknown
        self._base = os.getcwd()
        self.settings  # raises what is wrong

    @property
    def settings(self) -> dict[str, Any]:
        """All values as a run will have them, defaults included, paths absolute."""
        return json.loads(self._checked())

    def submit(self, home: PathText | None = None, wait_for_debugger: bool | None = None) -> Run:
        """Starts a run of this step and returns at once.

        In Batchscope's kernel the cell shows how it comes along; `Run.wait` waits for its end. It goes on in the
        background as long as this Python lives.

        Parameters
        ----------
        home : path, optional
            Where runs are kept; by default ``runs`` in $BATCHSCOPE_HOME, or in ~/.local/share/batchscope.
        wait_for_debugger : bool, optional
            Whether workers wait, before they import the script, for a debugger that attaches; by default when the
            debugger of the notebook is on.

        Raises
        ------
        ConfigurationError
            As when the step was made: its values may have changed since.
        BatchscopeError
            An input that is not there or empty, an output folder that cannot be written, and the like; nothing runs
            then.
        """
        if not sys.executable:
            raise BatchscopeError("sys.executable is empty, so workers have no interpreter; give `environment` a path")
        step = self._checked()
        sink = progress_sink()
        with engine_errors():
            native = _engine.submit(
                step,
                self._base,
                home=os.path.abspath(home) if home is not None else "",
                python=sys.executable,
                package_folder=str(Path(__file__).absolute().parent.parent),
                debugpy_folder=debugpy_folder(),
                wait_for_debugger=debugger_waits() if wait_for_debugger is None else wait_for_debugger,
                sink=sink,
            )
        return Run(native.folder, native, is_shown=sink is not None)

    def _checked(self) -> str:
        text = json.dumps(self._to_json(), ensure_ascii=False)
        try:
            text.encode()
        except UnicodeEncodeError as error:
            found = text[max(0, error.start - 40) : error.end]
            raise ConfigurationError(
                f"found text that is not UTF-8: ...{found!r}; for files with such names give the folder they lie in"
            ) from None
        with engine_errors(ConfigurationError):
            return _engine.check(text, self._base)

    def _to_json(self) -> dict[str, Any]:
        config = self.parallel_run_config
        if isinstance(config, ParallelRunConfig):
            config = vars(config)
        inputs = self.inputs
        if inputs is not None:
            one = isinstance(inputs, (str, os.PathLike)) or hasattr(inputs, "as_named_input")
            inputs = [input_to_json(each) for each in ([inputs] if one else inputs)]
        step = {
            "name": self.name,
            "parallel_run_config": _without_none(config) if isinstance(config, Mapping) else config,
            "inputs": inputs,
            "output": self.output,
            "side_inputs": self.side_inputs,
            "arguments": _as_text(self.arguments),
            "allow_reuse": self.allow_reuse,
            "model_dir": self.model_dir,
            "debug": self.debug,
            "debug_lane": list(self.debug_lane) if isinstance(self.debug_lane, (range, set)) else self.debug_lane,
            "debug_lease": self.debug_lease,
            "hold_on_failure": self.hold_on_failure,
            **self._unknown,
        }
        return _without_none(step)

    def __repr__(self) -> str:
        script = getattr(self.parallel_run_config, "entry_script", None)
        return f"ParallelRunStep(name={self.name!r}, entry_script={str(script)!r}, inputs={self.inputs!r})"


def load_step(path: PathText) -> ParallelRunStep:
    """The step that a file describes, YAML or JSON; relative paths are taken from the file's folder.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or has wrong values; the text has all problems, a line each.
    """
    with engine_errors(ConfigurationError):
        values = json.loads(_engine.load_step(os.path.abspath(path)))
    return ParallelRunStep(**values)


def _as_text(arguments: Sequence[Any] | None) -> Any:
    """Numbers as Python writes them: what sys.argv will hold."""
    if not isinstance(arguments, (list, tuple)):
        return arguments
    return [str(each) if isinstance(each, (bool, int, float)) else each for each in arguments]


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in values.items() if value is not None}
