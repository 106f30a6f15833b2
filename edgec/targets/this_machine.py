"""The machine edgec runs on, as an architecture: its processes speak like a firmware."""

from edgec.targets.architecture import Architecture, ToolSpec

HOST = Architecture(
    name="host",
    tools={"compiler": ToolSpec("cc", "EDGEC_CC", "gcc", "gcc")},
    optional="only for `edgec run --on host` and the tests",
    is_hosted=True,
    port="host",
    port_files=("console.c", "ticks.c"),
)
