"""Copies of CMSIS-NN in a temporary folder: the bundled sources, laid out as upstream and edited.

Nothing of them is in the repository. What later versions do differently is made of the bundled
sources by edits that must each fit as often as they say.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from edgec.backends.cmsis_nn import source

Files = dict[str, str]

FUNCTIONS = "Include/arm_nnfunctions.h"
SUPPORT = "Include/arm_nnsupportfunctions.h"
TYPES = "Include/arm_nn_types.h"
CONVOLUTIONS = "Source/ConvolutionFunctions"
VECTOR_SUM = "Source/FullyConnectedFunctions/arm_vector_sum_s8.c"
FULLY_CONNECTED = "Source/FullyConnectedFunctions/arm_fully_connected_s8.c"
MATRIX_BY_VECTOR = "Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c"
LARGEST_CHECKED = 64  # outputs of a layer whose kernel sums a copy compares with its own


def bundled() -> Files:
    """Return the pinned sources as text."""
    return {path: data.decode() for path, data in source._pinned().files.items()}


def write(files: Mapping[str, str], root: Path) -> Path:
    """Write a copy as a repository has it: sources, tests beside them, and a license."""
    others = {"LICENSE": "Apache License 2.0\n", "Tests/UnitTest/test.c": "int main(void);\n"}
    for path, text in {**files, **others}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def version_6() -> Files:
    """Return a copy with the signatures and the arithmetic of upstream's v6."""
    files = bundled()
    _say_revision(files, "V.16.0.0")
    _upscale(files)
    _fold_kernel_sums(files, ["lhs_offset", "*bias_data"])
    _bias_struct(files)
    return files


def version_8() -> Files:
    """Return a copy with the signatures and the arithmetic of upstream's v7 and 8.0.0."""
    files = bundled()
    _say_revision(files, "V.18.0.0")
    _upscale(files)
    _fold_kernel_sums(files, ["lhs_offset", "rhs_offset", "*bias_data"])
    _bias_struct(files)
    return files


def replace(files: Files, path: str, old: str, new: str, count: int) -> None:
    """Replace a pattern in a file; it must be there ``count`` times."""
    files[path], found = re.subn(old, new, files[path])
    assert found == count, f"{path} has {old!r} {found} times, not {count}"


def _say_revision(files: Files, revision: str) -> None:
    replace(files, FUNCTIONS, r"\$Revision:    V[.\d]+", f"$Revision:    {revision}", 1)


def _upscale(files: Files) -> None:
    """Give arm_convolve_s8 the parameter ``upscale_dims``; its callers pass NULL.

    It also looks at the size of its scratch memory, which grew to 16 bytes per column on MVE.
    """
    declared = r"(\barm_convolve_s8\((?:[^;{}()]*?)\*bias_data,)(\s*)"
    for path in (FUNCTIONS, f"{CONVOLUTIONS}/arm_convolve_s8.c"):
        replace(files, path, declared, r"\1\2const cmsis_nn_dims *upscale_dims,\2", 1)
    checks = (
        "(void)bias_dims;\n    if (upscale_dims != NULL || "
        "ctx->size < arm_convolve_s8_get_buffer_size(input_dims, filter_dims))\n"
        "    {\n        return ARM_CMSIS_NN_ARG_ERROR;\n    }"
    )
    replace(files, f"{CONVOLUTIONS}/arm_convolve_s8.c", r"\(void\)bias_dims;", checks, 1)
    sizes = f"{CONVOLUTIONS}/arm_convolve_get_buffer_sizes_s8.c"
    replace(files, sizes, r"\(col_length \+ 7\) / 8;", "(col_length + 15) / 16;", 1)
    replace(files, sizes, r"4 \* col_length \* 8 \*", "4 * col_length * 16 *", 1)
    called = r"(\barm_convolve_s8\((?:[^;{}()]*?)\bbias_data,)(\s*)"
    for name in ("arm_convolve_wrapper_s8", "arm_convolve_1_x_n_s8"):
        replace(files, f"{CONVOLUTIONS}/{name}.c", called, r"\1\2NULL,\2", 1)


def _fold_kernel_sums(files: Files, added: list[str]) -> None:
    """Let kernel sums hold offset and bias, and the MVE kernel take them for granted.

    The fully connected layer also compares the sums that it is given with those that the copy's own
    arm_vector_sum_s8 computes.
    """
    declared = "".join(f",\n    const int32_t {each}" for each in added)
    for path in (FUNCTIONS, VECTOR_SUM):
        pattern = r"(\barm_vector_sum_s8\([^;{}()]*\*vector_data)\)"
        replace(files, path, pattern, rf"\1{declared})", 1)
    terms = "* lhs_offset"
    terms += " + lhs_offset * rhs_offset * vector_cols" if "rhs_offset" in added else ""
    stored = rf"\1 = \2 {terms} + (bias_data ? *bias_data++ : 0);"
    replace(files, VECTOR_SUM, r"(vector_sum_buf\[\w+\]) = (vector_sum_\d);", stored, 5)
    before, opened, rest = files[MATRIX_BY_VECTOR].partition("#if defined(ARM_MATH_MVEI)")
    mve, closed, after = rest.partition("#elif defined(ARM_MATH_DSP)")
    parts = {"mve": mve}
    replace(parts, "mve", r"if \(bias\)", "if (0)", 2)
    replace(parts, "mve", r"vdupq_n_s32\(lhs_offset\) \* rhs_sum", "rhs_sum", 1)
    replace(parts, "mve", r"rhs_sum \* lhs_offset", "rhs_sum", 1)
    files[MATRIX_BY_VECTOR] = before + opened + parts["mve"] + closed + after
    _check_kernel_sums(files, "0, " if "rhs_offset" in added else "")


def _check_kernel_sums(files: Files, rhs_offset: str) -> None:
    check = f"""#if defined(ARM_MATH_MVEI)
    static int32_t own_sums[{LARGEST_CHECKED}];
    if (output_dims->c > {LARGEST_CHECKED}) return ARM_CMSIS_NN_ARG_ERROR;
    arm_vector_sum_s8(own_sums, filter_dims->n, output_dims->c, kernel, fc_params->input_offset,
                      {rhs_offset}bias);
    for (int32_t i = 0; i < output_dims->c; i++)
    {{
        if (own_sums[i] != ((const int32_t *)ctx->buf)[i]) return ARM_CMSIS_NN_ARG_ERROR;
    }}
#endif
    while (batch_cnt)"""
    replace(files, FULLY_CONNECTED, r"while \(batch_cnt\)", check, 1)


def _bias_struct(files: Files) -> None:
    """Let arm_convolve_s16 take its bias as a struct, and remove its fast variant."""
    struct = (
        "typedef struct\n{\n    const void *data;\n    const bool is_int32_bias;\n"
        "} cmsis_nn_bias_data;\n\n"
    )
    replace(files, TYPES, r"#include <stdint.h>", "#include <stdbool.h>\n#include <stdint.h>", 1)
    replace(files, TYPES, r"(?=/\*\* CMSIS-NN object to contain the dimensions)", struct, 1)
    for name, path in (
        ("arm_convolve_wrapper_s16", FUNCTIONS),
        ("arm_convolve_s16", FUNCTIONS),
        ("arm_convolve_s16", f"{CONVOLUTIONS}/arm_convolve_s16.c"),
        ("arm_convolve_wrapper_s16", f"{CONVOLUTIONS}/arm_convolve_wrapper_s16.c"),
    ):
        pattern = rf"(\b{name}\([^;{{}}()]*)const int64_t \*bias_data"
        replace(files, path, pattern, r"\1const cmsis_nn_bias_data *bias_data", 1)
    body = f"{CONVOLUTIONS}/arm_convolve_s16.c"
    replace(files, body, r"bias_data\[", "((const int64_t *)bias_data->data)[", 1)
    replace(files, FUNCTIONS, r"arm_cmsis_nn_status arm_convolve_fast_s16\([^;]*;", "", 1)
    del files[f"{CONVOLUTIONS}/arm_convolve_fast_s16.c"]
    wrapper = f"{CONVOLUTIONS}/arm_convolve_wrapper_s16.c"
    replace(files, wrapper, r"\barm_convolve_fast_s16\(", "arm_convolve_s16(", 1)


COPIES: Mapping[str, Callable[[], Files]] = {"v6": version_6, "v8": version_8}
