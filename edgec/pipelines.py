"""Which passes run, in which order: lists, with a reason where the order matters."""

from collections.abc import Sequence

from edgec.ir import Graph
from edgec.passes.cleanup.dead_code import DeadCode
from edgec.passes.cleanup.eliminate_identity import EliminateIdentity
from edgec.passes.cleanup.open_doors import OpenDoors
from edgec.passes.cleanup.strip_io_quantize import StripIoQuantize
from edgec.passes.folding.compose_functions import ComposeFunctions
from edgec.passes.folding.fold_affine import FoldAffine
from edgec.passes.folding.fold_batch_norm import FoldBatchNorm
from edgec.passes.folding.fold_constants import FoldConstants
from edgec.passes.folding.fold_flatten import FoldFlatten
from edgec.passes.folding.fold_matmul_transpose import FoldMatmulTranspose
from edgec.passes.folding.fold_scale import FoldScale
from edgec.passes.folding.fold_slice_of_concat import FoldSliceOfConcat
from edgec.passes.folding.sink_select import SinkSelect
from edgec.passes.folding.tabulate_islands import TabulateIslands
from edgec.passes.fusion.fuse_activation import FuseActivation
from edgec.passes.fusion.fuse_bias import FuseBias
from edgec.passes.fusion.fuse_normalization import FuseNormalization
from edgec.passes.fusion.fuse_pad import FusePad
from edgec.passes.fusion.join_standardize import JoinStandardize
from edgec.passes.layout.keep_reduced_axes import KeepReducedAxes
from edgec.passes.layout.move_transposes import MoveTransposes
from edgec.passes.layout.sink_reshapes import SinkReshapes
from edgec.passes.layout.write_as_mean import WriteAsMean
from edgec.passes.pipeline import Fixpoint, Observer, Pass, Pipeline

LAYOUT: Sequence[Pass] = (
    SinkReshapes(),  # first, so that a transpose before a flatten can pass the activation behind it
    WriteAsMean(),  # a mean follows transposes, a pool would not; means have met behind reshapes
    MoveTransposes(),  # leaves transposes only where the order of axes is fixed ...
    FoldFlatten(),  # ... such as here
    EliminateIdentity(),  # before sinking again: reshapes that met become one
    FoldConstants(),
)

AFFINE: Sequence[Pass] = (
    FoldScale(),  # dynamically quantized layers multiply, then add, then come batch norms
    FuseBias(),
)

FLOAT_PASSES: Sequence[Pass] = (
    DeadCode(),
    FoldConstants(),
    KeepReducedAxes(),  # before the layout: what keeps its axes can follow a permutation
    FuseNormalization(),  # while its parts stand as the source model wrote them
    Fixpoint(LAYOUT, "layout"),
    FoldSliceOfConcat(),  # after the layout: nothing that only permutes axes stands in between
    FoldMatmulTranspose(),  # after the layout: transposes stand where they stay
    FoldBatchNorm(),  # after the layout: only now do layer and norm stand side by side
    Fixpoint(AFFINE, "affine"),  # after batch norms, whose offset is no constant addition yet
    FusePad(),
    FuseActivation(),  # last: what has an activation takes no more bias
    EliminateIdentity(),  # reshapes that a fused pad stood between
    FoldConstants(),
    SinkSelect(),  # a guarded divisor is then a function of one element
    ComposeFunctions(),  # after all that folds a function of one element into a layer
    FoldAffine(),  # last: a factor may be part of a function that is recognized as a whole
    DeadCode(),
)

INTEGER_PASSES: Sequence[Pass] = (
    OpenDoors(),
    StripIoQuantize(),
    TabulateIslands(),  # behind the doors: what is float now stands between integers
    FoldConstants(),
    EliminateIdentity(),
    DeadCode(),
)


TARGET_PASSES: Sequence[Pass] = (
    JoinStandardize(),  # there is a kernel for what TFLite has to say in two operators
    DeadCode(),
)


def optimize_float(graph: Graph, observers: Sequence[Observer] = ()) -> Graph:
    """Return an equivalent float graph, channels-last, with everything folded that can be."""
    return Pipeline(FLOAT_PASSES, observers).run(graph)


def optimize_integer(graph: Graph, observers: Sequence[Observer] = ()) -> Graph:
    """Return an integer graph with the same outputs, bit for bit, and integers at its door."""
    return Pipeline(INTEGER_PASSES, observers).run(graph)


def optimize_target(graph: Graph, observers: Sequence[Observer] = ()) -> Graph:
    """Return what runs, from an integer graph: the same outputs, in operators of our own too."""
    return Pipeline(TARGET_PASSES, observers).run(graph)
