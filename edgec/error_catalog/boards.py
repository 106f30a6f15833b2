"""Errors about boards and other TOML files."""

from edgec.error_catalog.page import page

PAGES = (
    page(
        "unknown-board",
        "there is no board of this name",
        meaning="Boards come with edgec, or are your own board.toml given by its path.",
        example="edgec build m.tflite --board stm33",
        remedy="""
            `edgec boards` lists them. For your own: copy the nearest boards/*/board.toml, change
            its memories, and give --board path/to/board.toml.
        """,
    ),
    page(
        "invalid-board",
        "a board.toml contradicts itself",
        meaning="""
            Memories overlap, a content (text, weights, data, arena, stack) is held by no memory
            or by two, a name is unknown, or a text could be more than a text in a build file.
        """,
        example="""
            holds = ["text"] in the only flash region: nobody holds "weights"
        """,
        remedy="The message names the key. `edgec boards show qemu-m4` is a correct example.",
    ),
    page(
        "invalid-toml",
        "a TOML file has a syntax error",
        meaning="The parser's message names line and column.",
        example="size = 128K",
        remedy="""
            Fix the syntax; numbers may be 0x2_0000 or 131_072. https://toml.io has the rules.
        """,
    ),
    page(
        "unknown-key",
        "a board.toml has a key that does not exist",
        meaning="Unknown keys are errors, so that a misspelt one is not ignored.",
        example="orign = 0x2000_0000",
        remedy="The message names the nearest key.",
    ),
    page(
        "missing-key",
        "a board.toml lacks a required key",
        meaning="Without this key the linker script or the firmware could not be written.",
        example="[[memory]] without size",
        remedy="Add the key; any board that comes with edgec shows how.",
    ),
    page(
        "wrong-type",
        "a value in a board.toml has the wrong type",
        meaning="Numbers, texts and lists are not converted into each other.",
        example="""
            size = "4M" instead of size = 0x40_0000
        """,
        remedy="The message says what is expected. Sizes are bytes, clocks are Hz.",
    ),
)
