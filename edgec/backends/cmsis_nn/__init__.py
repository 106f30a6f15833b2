"""CMSIS-NN: the library by Arm, as it is on PyPI or from a folder of the user's."""

from collections.abc import Iterable, Mapping

from edgec.backends.backend import Backend, register
from edgec.backends.cmsis_nn.source import FOLDER, CmsisNn, find
from edgec.targets.target import Target


def _sources(functions: Iterable[str], target: Target) -> Mapping[str, bytes]:
    library = target.library(CmsisNn)
    if library is None:
        message = "kernels of CMSIS-NN were chosen for a target that does not link it"
        raise ValueError(message)
    chosen = library.closure(sorted(functions))
    return {f"{FOLDER}/{path}": data for path, data in chosen.items()}


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
    )
)
