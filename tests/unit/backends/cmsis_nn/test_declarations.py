"""What headers declare, read with patterns: parameters in order, their types, and macros."""

import pytest

from edgec.backends.cmsis_nn.source import CmsisNn, find


def library(header: str, name: str = "Include/arm_nnfunctions.h") -> CmsisNn:
    return CmsisNn({name: header.encode()}, "test")


def parameters(header: str, function: str = "arm_f") -> dict[str, str] | None:
    found = library(header).parameters(function)
    return None if found is None else dict(found)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("void arm_f(int a, const int8_t *b);", {"a": "int", "b": "const int8_t *"}),
        (
            "void arm_f(const x_t*a , int32_t* const b);",
            {"a": "const x_t *", "b": "int32_t * const"},
        ),
        ("int32_t *arm_f(int **a);", {"a": "int * *"}),
        (
            "st\narm_f (const int8_t *a,\r\n    const\tint32_t\n b)\n;",
            {"a": "const int8_t *", "b": "const int32_t"},
        ),
        ("void arm_f(int a, /* of b, c; */ int d); // arm_f(int e);", {"a": "int", "d": "int"}),
        ("/* void arm_f(int a); */\n// void arm_f(int b);\nvoid arm_f(int c);", {"c": "int"}),
        ("/** see arm_f(a, b); */\nvoid arm_f(int c);", {"c": "int"}),
        ("void arm_f(void);", {}),
        ("void arm_f();", {}),
        ("__attribute__((cold)) void arm_f(int a);", {"a": "int"}),
        ("#if X\nvoid arm_f(int a);\n#endif\n#if Y\nvoid arm_f(int a);\n#endif", {"a": "int"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_parameters_in_order_with_their_types(header: str, expected: dict[str, str]) -> None:
    found = parameters(header)
    assert found is not None
    assert list(found.items()) == list(expected.items())


@pytest.mark.parametrize(
    "header",
    [
        "",
        "void arm_g(int a);",
        "void arm_f_fast(int a);",
        "void my_arm_f(int a);",
        "// void arm_f(int a);",
        "#define RUN arm_f(a, b);",
        "static inline int g(int a)\n{\n    return arm_f(a, a);\n}",
        "static inline void g(int a)\n{\n    arm_f(a, a);\n}",
        "void arm_f(int (*callback)(int));",
        "#if X\nvoid arm_f(int a);\n#else\nvoid arm_f(int a, int b);\n#endif",
        "#if X\nvoid arm_f(int a, int b);\n#else\nvoid arm_f(int b, int a);\n#endif",
    ],
)
def test_what_is_not_declared_or_not_understood_is_none(header: str) -> None:
    assert parameters(header) is None


def test_names_that_begin_alike_are_not_mixed_up() -> None:
    header = "void arm_f_s16(int c);\nvoid arm_f_s8(int a);\nvoid arm_f(int b);"
    assert parameters(header, "arm_f") == {"b": "int"}
    assert parameters(header, "arm_f_s8") == {"a": "int"}
    assert parameters(header, "arm_f_s") is None


def test_all_headers_are_looked_at_and_no_sources() -> None:
    files = {"Include/a.h": b"void arm_f(int a);", "Source/b.c": b"void arm_g(int a);"}
    both = CmsisNn(files, "test")
    assert both.parameters("arm_f") == {"a": "int"}
    assert both.parameters("arm_g") is None


def test_the_bundled_headers() -> None:
    found = find().parameters("arm_vector_sum_s8")
    assert found == {
        "vector_sum_buf": "int32_t *",
        "vector_cols": "const int32_t",
        "vector_rows": "const int32_t",
        "vector_data": "const int8_t *",
    }
    assert find().number("CH_IN_BLOCK_MVE") == 124


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("#define BLOCK (124)", 124),
        ("  # define  BLOCK   64 // channels", 64),
        ("#define BLOCK 8\r\n#define OTHER 9\r\n", 8),
        ("#define BLOCK (2 * 8)", None),
        ("#define BLOCK_SIZE 3", None),
        ("#define BLOCK 8\n#define BLOCK 9", None),
        ("/* #define BLOCK 8 */", None),
        ("", None),
    ],
)
def test_numbers_that_macros_stand_for(header: str, expected: int | None) -> None:
    assert library(header).number("BLOCK") == expected


def test_a_revision_or_none() -> None:
    assert library(" * $Revision:    V.18.0.0\n").revision == "V.18.0.0"
    assert library("").revision == "unknown"
