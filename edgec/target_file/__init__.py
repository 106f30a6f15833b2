"""``<name>.edgec``: the target graph, what firmware runs, in a file of edgec's own.

A graph after its target passes may hold operators that no interchange format has. The file is
versioned, holds numbers and names only (nothing in it is executed), and is read as untrusted input.
"""

from edgec.target_file.container import SUFFIX
from edgec.target_file.read import read_target
from edgec.target_file.write import write_target

__all__ = ["SUFFIX", "read_target", "write_target"]
