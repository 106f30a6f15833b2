"""Pruning: makes float networks smaller and repairs them on calibration samples."""

from edgec.pruning.prune_request import PruneRequest, parse_request
from edgec.pruning.pruner import Pruned, prune
from edgec.pruning.pruning_report import PruningReport

__all__ = ["PruneRequest", "Pruned", "PruningReport", "parse_request", "prune"]
