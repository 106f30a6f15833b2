"""The model library as a process on this machine: same runner, same protocol, host compiler."""

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from edgec.codegen.firmware import WARNING_FLAGS, host_tree, kernel_includes, third_party_folders
from edgec.codegen.source_tree import SourceTree
from edgec.firmware.children import conversation
from edgec.firmware.client import RunnerClient
from edgec.firmware.emulate import Session
from edgec.firmware.image import JOBS
from edgec.firmware.toolchain import cannot_start, find_tool, run_tool
from edgec.firmware.transport import PipeTransport
from edgec.scratch import scratch_folder
from edgec.targets.this_machine import HOST

_PROGRAM = "host.elf"  # a dot: no folder of a model is called so
_GRACE = 2.0


class HostProcess:
    """The library compiled for this machine: ``with HostProcess(library, model) as session: ...``.

    ``library`` is the folder of a model named ``name``; ``flags`` join the compiler's (sanitizers,
    for instance). Raises ``missing-tool`` and ``tool-failed``.
    """

    def __init__(
        self,
        library: SourceTree,
        name: str,
        ports: tuple[int, int],
        *,
        flags: Sequence[str] = (),
        timeout: float = 60.0,
    ) -> None:
        self._tree = library.under(name).merge(host_tree(name, *ports).under("firmware"))
        self._name = name
        self._flags = tuple(flags)
        self._timeout = timeout
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Session:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(scratch_folder("host"))
            self._tree.write(folder)
            program = self._compile(folder)
            try:
                pipes = stack.enter_context(conversation([str(program)], grace=_GRACE))
            except OSError as error:
                raise cannot_start([program], error) from None
            transport = PipeTransport(*pipes)
            stack.callback(transport.close)
            self._stack = stack.pop_all()
        return Session(RunnerClient(transport, timeout=self._timeout))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _compile(self, folder: Path) -> Path:
        compiler = find_tool(HOST.tools["compiler"])
        sources = sorted(path for path in self._tree.files if path.endswith(".c"))
        with ThreadPoolExecutor(JOBS) as pool:
            objects = list(pool.map(lambda each: self._object(compiler, folder, each), sources))
        link: list[str | Path] = [compiler, *self._flags, *objects, "-lm", "-o", _PROGRAM]
        run_tool(link, cwd=folder, makes=[folder / _PROGRAM])
        return folder / _PROGRAM

    def _object(self, compiler: Path, folder: Path, source: str) -> str:
        name = self._name
        third_party = source.startswith(third_party_folders(name))
        includes = ("firmware", "firmware/include", "firmware/runner", name, *kernel_includes(name))
        target = source.replace("/", "_") + ".o"
        command: list[str | Path] = [
            compiler,
            "-std=c99",
            "-O2",
            "-DEDGEC_PROFILE",
            "-D_POSIX_C_SOURCE=200809L",
        ]
        command += ["-w"] if third_party else WARNING_FLAGS
        command += [f"-I{each}" for each in includes]
        command += [*self._flags, "-c", source, "-o", target]
        run_tool(command, cwd=folder, makes=[folder / target])
        return target
