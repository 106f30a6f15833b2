"""CMSIS-NN: the library by Arm, as it is on PyPI or from a folder of the user's."""

from collections.abc import Iterable, Mapping

from edgec.backends.backend import Backend, register
from edgec.backends.cmsis_nn.source import FOLDER, CmsisNn, find
from edgec.targets.cpu import Isa
from edgec.targets.target import Target


def _sources(functions: Iterable[str], target: Target) -> Mapping[str, bytes]:
    library = target.library(CmsisNn)
    if library is None:
        message = "kernels of CMSIS-NN were chosen for a target that does not link it"
        raise ValueError(message)
    chosen = library.closure(sorted(functions))
    return {f"{FOLDER}/{path}": data for path, data in chosen.items()}


def _other_plans(isa: Isa) -> tuple[str, ...]:
    """Return the macros that make CMSIS-NN take variants with other scratch, or round otherwise."""
    variants = {"scalar": ("ARM_MATH_DSP", "ARM_MATH_MVEI"), "dsp": ("ARM_MATH_MVEI",), "mve": ()}
    return (*variants[isa], "CMSIS_NN_USE_SINGLE_ROUNDING")


BACKEND = register(
    Backend(
        name="cmsis_nn",
        choice="cmsis-nn",
        sources=_sources,
        preference=10,
        headers=('"arm_nnfunctions.h"',),
        include_folders=(f"{FOLDER}/Include",),
        folder=FOLDER,
        title="CMSIS-NN",
        library=find,
        prefixes=("arm", "cmsis"),
        other_plans=_other_plans,
    )
)
