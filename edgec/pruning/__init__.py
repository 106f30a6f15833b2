"""Pruning: makes float networks smaller and repairs them on calibration samples."""

from edgec.pruning.pruner import Pruned, prune
from edgec.pruning.report import PruningReport
from edgec.pruning.request import PruneRequest, parse_request

__all__ = ["PruneRequest", "Pruned", "PruningReport", "parse_request", "prune"]
