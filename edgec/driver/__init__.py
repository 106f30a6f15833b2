"""The public Python API: what each command does, without a terminal."""

from edgec.driver.compile.build import BuildResult, build
from edgec.driver.compile.check import CheckResult, check
from edgec.driver.compile.compile import Compiled, compile_model
from edgec.driver.options import BuildOptions, read_config
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.run.regression import RegressionResult, run_regression
from edgec.driver.run.run import RunResult, run

__all__ = [
    "BuildOptions",
    "BuildResult",
    "CheckResult",
    "Compiled",
    "OutputInfo",
    "RegressionResult",
    "RunResult",
    "build",
    "check",
    "compile_model",
    "open_output",
    "read_config",
    "run",
    "run_regression",
]
