"""Register writes of the boards against the vendors' own register descriptions.

pyocd brings descriptions of some chips. A board whose chip it lacks is read by the nearest one,
and what that does not have is named here. For the others, what can be told without one is
checked: pins, and addresses looked up a second time.
"""

import re
from dataclasses import dataclass

import pytest
from svd import Chip, Register, State, read_chip

from edgec.resources import data_folder
from edgec.targets.board import Board, board_names, load_board

SISTERS = {
    "blackpill-f411ce": ("STM32F41x.svd", ""),
    "microbit": ("nrf51.svd", ""),
    "mimxrt1062": ("MIMXRT1062.xml", ""),
    "nrf52840-dk": ("nrf52840.svd", ""),
    "nrf5340-dk": ("nrf9160.svd", "CLOCK_HFCLKCTRL CACHE_ENABLE"),
    "nucleo-f746zg": ("STM32F429x.svd", ""),
    "nucleo-l4r5zi": ("STM32L4x5.svd", "PWR_CR5"),
    "stm32f405": ("STM32F41x.svd", ""),
    "stm32f746g-disco": ("STM32F429x.svd", ""),
    "stm32vldiscovery": ("STM32F103xx.svd", ""),
}
OTHER_NAMES = {"PWR_CR1": "PWR_CR", "PWR_CSR1": "PWR_CSR"}  # of the F7, as the F4 has them
BLOCKS = {
    "P0": "GPIO",
    "P0_S": "GPIO",
    "CLOCK_S": "CLOCK",
    "UART0": "UART",
    "UARTE0": "UART",  # of the nRF52840: one block, two descriptions
    "UARTE0_S": "UARTE",
}
BEYOND_BITS = {("blackpill-f411ce", "PWR_CR"): 0xC000}  # VOS of the F411; the F405 has one bit
LOOKED_UP = {  # in the vendors' headers: boards without a description or a sister
    "ek-ra8m1": 0x4035_8900,  # SCI9
    "nucleo-g0b1re": 0x4000_4400,  # USART2
    "nucleo-h743zi2": 0x4000_4800,  # USART3
    "nucleo-u575zi-q": 0x4001_3800,  # USART1
    "rpi-pico": 0x4003_4000,  # UART0
    "rpi-pico2": 0x4007_0000,  # UART0
    "samd51": 0x4300_0400,  # SERCOM5
    "stm32n6570-dk": 0x5200_1000,  # USART1, Secure
}
ALTERNATE = 2
COVERED = pytest.mark.parametrize("name", SISTERS)
ST_PIN_BOARDS = [
    name
    for name in board_names()
    if "_MODER:" in (data_folder("boards") / name / "board.toml").read_text()
]


@dataclass(frozen=True)
class Write:
    """A step of a board's setup and what its comment says: ``register: purpose``."""

    address: int
    set_bits: int
    wait: int
    register: str
    purpose: str


def text_of(name: str) -> str:
    return (data_folder("boards") / name / "board.toml").read_text()


def writes(name: str) -> list[Write]:
    """Return a board's steps with their comments; a comment without a register has none."""
    comments = re.findall(r"^  \[0x.*\],\s+# (.*)$", text_of(name), re.MULTILINE)
    steps = []
    for step, comment in zip(load_board(name).setup, comments, strict=True):
        found = re.fullmatch(r"([A-Z][A-Z0-9]*(?:_\w+)?)(?:: (.*))?", comment)
        register, purpose = (found[1], found[2] or "") if found else ("", comment)
        steps.append(Write(step[0], step[2], step[3], register, purpose))
    return steps


def chip_of(name: str) -> Chip:
    return read_chip(SISTERS[name][0])


def console_of(name: str) -> tuple[str, list[str]]:
    """Return what the head of a board's file says: the peripheral and its pins, sender first."""
    head = text_of(name).partition("schema")[0]
    device = re.search(r"[Cc]onsole on (LPUART\d|USART\d)", head)
    pins = re.search(r"\((P\w+(?:\.\d+)?), (P\w+(?:\.\d+)?)\)", head)
    return device[1] if device else "", [pins[1], pins[2]] if pins else []


def full_name(register: Register) -> str:
    block = BLOCKS.get(register.peripheral, register.peripheral)
    return f"{block}_{register.name.replace('.', '_')}"


def bits_set(register: Register, value: int) -> set[str]:
    return {each.name for each in register.fields if each.mask & value}


@pytest.mark.svd
@COVERED
def test_each_write_goes_to_the_register_that_it_names(name: str) -> None:
    chip, beyond = chip_of(name), SISTERS[name][1].split()
    for each in writes(name):
        if each.register in beyond:
            assert each.address not in chip.registers
            continue
        register = chip.registers[each.address]
        found = full_name(register)
        if each.register == "IOMUXC":
            assert register.peripheral == "IOMUXC"
        elif each.register:
            wanted = OTHER_NAMES.get(each.register, each.register)
            assert found == wanted
        else:
            assert each.purpose.startswith("wait"), each
        if register.fields and each.set_bits and "TASKS" not in found:
            covered = sum(field.mask for field in register.fields)
            beyond_bits = BEYOND_BITS.get((name, each.register), 0)
            assert each.set_bits & ~covered == beyond_bits, each
        if each.wait:
            assert bits_set(register, each.wait) or "EVENTS" in found, each


@pytest.mark.svd
@COVERED
def test_each_clock_gate_opens_what_it_names(name: str) -> None:
    chip, opened = chip_of(name), set()
    for each in writes(name):
        if not re.search(r"_(\w*ENR\d?|CCGR\d)$", each.register):
            continue
        register = chip.registers[each.address]
        fields = [field for field in register.fields if field.mask & each.set_bits]
        if "CCGR" in each.register:
            (field,) = fields
            assert each.purpose.lower() in field.about.lower()
            assert each.set_bits == field.mask
            opened.add(each.purpose)
            continue
        gates = {field.name.removesuffix("EN").replace("IOP", "GPIO") for field in fields}
        assert gates == set(each.purpose.split(", ")), each
        assert each.wait in {0, each.set_bits}
        opened |= gates
    device, pins = console_of(name)
    if device:
        assert device in opened
    if SISTERS[name][0].startswith("STM32"):
        assert {f"GPIO{pin[1]}" for pin in pins} <= opened


@pytest.mark.svd
@COVERED
def test_the_console_is_the_peripheral_that_the_file_names(name: str) -> None:
    chip, console = chip_of(name), load_board(name).console
    device = console_of(name)[0] or {"uart_nrf": "UART0", "uarte_nrf": "UARTE0_S"}[console.driver]
    assert chip.bases[device] == console.base
    if console.irq:
        assert console.irq in chip.interrupts[device]


@pytest.mark.svd
@pytest.mark.parametrize("name", ["microbit", "nrf52840-dk", "nrf5340-dk"])
def test_nordic_pins_are_those_that_the_file_names(name: str) -> None:
    board, chip = load_board(name), chip_of(name)
    state = State(chip, board)
    dots = "" if name == "microbit" else "."
    device = {"uart_nrf": "UART0", "uarte_nrf": "UARTE0_S"}[board.console.driver]
    if dots and device == "UART0":
        device = "UARTE0"  # one block, two descriptions
    (sender, receiver) = (
        state.at(chip.address(device, f"PSEL{dots}{each}")) for each in ("TXD", "RXD")
    )
    named = console_of(name)[1] or ["P0.24", "P0.25"]
    assert [f"P0.{pin:02d}" for pin in (sender, receiver)] == named
    port = next(each for each in ("P0", "P0_S", "GPIO") if each in chip.bases)
    for register in ("OUTSET", "DIRSET"):
        assert state.at(chip.address(port, register)) == 1 << sender


@pytest.mark.svd
def test_teensy_pins_are_those_that_the_file_names() -> None:
    chip = chip_of("mimxrt1062")
    seen = []
    for each in writes("mimxrt1062"):
        if each.register != "IOMUXC":
            continue
        register = chip.registers[each.address]
        subject, verb, target = each.purpose.rpartition(" is ") or ("", "", "")
        if not verb:
            subject, _, target = each.purpose.partition(" from ")
        assert subject in register.name
        (field,) = (each for each in register.fields if each.name in {"MUX_MODE", "DAISY"})
        meaning = field.meanings[(each.set_bits & field.mask) >> field.low]
        assert re.search(rf"{target}\b", meaning), (each, meaning)
        seen.append(subject)
    assert seen == ["AD_B0_02", "AD_B0_03", "LPUART6_RX"]
    assert console_of("mimxrt1062")[1:] == ([],)


@pytest.mark.parametrize("name", ST_PIN_BOARDS)
def test_st_pins_have_the_function_that_the_file_names(name: str) -> None:
    """The layout of an STM32's ports is the same in all families but the F1."""
    board = load_board(name)
    state = State(Chip(), board)
    ports: dict[str, int] = {}
    for each in writes(name):
        if found := re.fullmatch(r"GPIO([A-Z])_(MODER|AFRL|AFRH)", each.register):
            base = each.address - {"MODER": 0, "AFRL": 0x20, "AFRH": 0x24}[found[2]]
            assert ports.setdefault(found[1], base) == base
            assert base % 0x400 == 0
    device, pins = console_of(name)
    assert len(pins) == 2
    assert set(ports) == {pin[1] for pin in pins}
    function = 8 if device == "LPUART1" else 1 if name == "nucleo-g0b1re" else 7
    for pin in pins:
        base, number = ports[pin[1]], int(pin[2:])
        assert state.at(base) >> 2 * number & 3 == ALTERNATE, pin
        assert state.at(base + 0x20 + 4 * (number // 8)) >> number % 8 * 4 & 15 == function, pin
    for port, base in ports.items():
        ours = {int(pin[2:]) for pin in pins if pin[1] == port}
        assert changed(board, base, 2) == ours
        assert {*changed(board, base + 0x20, 4), *(8 + n for n in changed(board, base + 0x24, 4))}
        assert changed(board, base + 0x20, 4) == {n for n in ours if n < 8}
        assert changed(board, base + 0x24, 4) == {n - 8 for n in ours if n >= 8}


def changed(board: Board, address: int, width: int) -> set[int]:
    """Return which fields of ``width`` bits the setup touches."""
    mask = sum(step[1] | step[2] for step in board.setup if step[0] == address)
    return {n for n in range(32 // width) if mask >> n * width & ((1 << width) - 1)}


@pytest.mark.svd
def test_f1_pins_have_the_function_that_the_file_names() -> None:
    state = State(chip_of("stm32vldiscovery"), load_board("stm32vldiscovery"))
    assert console_of("stm32vldiscovery") == ("USART1", ["PA9", "PA10"])
    push_pull, floating, input_mode, fast = 2, 1, 0, 3
    assert state.field("GPIOA", "CRH", "CNF9") == push_pull
    assert state.field("GPIOA", "CRH", "MODE9") == fast
    assert state.field("GPIOA", "CRH", "CNF10") == floating
    assert state.field("GPIOA", "CRH", "MODE10") == input_mode


def test_every_real_board_is_checked() -> None:
    real = {name for name in board_names() if load_board(name).console.base}
    assert {*SISTERS, *LOOKED_UP} == real
    assert not set(SISTERS) & set(LOOKED_UP)


@pytest.mark.parametrize("name", LOOKED_UP)
def test_the_console_is_where_the_vendor_has_it(name: str) -> None:
    assert load_board(name).console.base == LOOKED_UP[name]


@pytest.mark.parametrize(("name", "pll"), [("rpi-pico", 0x4002_8000), ("rpi-pico2", 0x4005_0000)])
def test_picos_run_at_the_clock_that_they_state(name: str, pll: int) -> None:
    board = load_board(name)
    state = State(Chip(), board)
    dividers = state.at(pll + 0x0C)
    first, second = dividers >> 16 & 7, dividers >> 12 & 7
    assert first >= second > 0
    vco = 12_000_000 * state.at(pll + 0x08)
    assert 750_000_000 <= vco <= 1_600_000_000
    assert vco // first // second == board.clock_hz == board.console.clock_hz


def divided_bus(code: int, bits: int) -> int:
    """Return what an AHB (4 bits) or APB (3 bits) prescaler divides by, as RM0090 has it."""
    if code < 1 << (bits - 1):
        return 1
    ahb, apb = (2, 4, 8, 16, 64, 128, 256, 512), (2, 4, 8, 16)
    return (ahb if bits == 4 else apb)[code % (1 << (bits - 1))]


HSI = 16_000_000


@pytest.mark.svd
@pytest.mark.parametrize(
    "name", ["stm32f405", "blackpill-f411ce", "nucleo-f746zg", "stm32f746g-disco"]
)
def test_f4_and_f7_run_at_the_clocks_that_they_state(name: str) -> None:
    board = load_board(name)
    state = State(chip_of(name), board)
    pll = {each: state.field("RCC", "PLLCFGR", each) for each in ("PLLM", "PLLN", "PLLP", "PLLSRC")}
    assert pll["PLLSRC"] == 0
    source = HSI // pll["PLLM"]
    assert 950_000 <= source <= 2_100_000
    assert 100_000_000 <= source * pll["PLLN"] <= 432_000_000
    core = source * pll["PLLN"] // (2 * pll["PLLP"] + 2)
    core //= divided_bus(state.field("RCC", "CFGR", "HPRE"), 4)
    assert core == board.clock_hz
    assert state.field("RCC", "CFGR", "SW") == 2
    bus = "PPRE2" if console_of(name)[0] in {"USART1", "USART6"} else "PPRE1"
    divider = divided_bus(state.field("RCC", "CFGR", bus), 3)
    assert core // divider == board.console.clock_hz
    assert state.field("FLASH", "ACR", "LATENCY") >= (board.clock_hz - 1) // 30_000_000


@pytest.mark.svd
def test_f1_runs_at_the_clock_that_it_states() -> None:
    board = load_board("stm32vldiscovery")
    state = State(chip_of("stm32vldiscovery"), board)
    assert state.field("RCC", "CFGR", "PLLSRC") == 0
    core = 8_000_000 // 2 * (state.field("RCC", "CFGR", "PLLMUL") + 2)
    assert core == board.clock_hz == board.console.clock_hz
    assert [state.field("RCC", "CFGR", each) for each in ("HPRE", "PPRE1", "PPRE2", "SW")] == [
        *(0, 0, 0),
        2,
    ]


@pytest.mark.svd
def test_l4_runs_at_the_clock_that_it_states() -> None:
    board = load_board("nucleo-l4r5zi")
    state = State(chip_of("nucleo-l4r5zi"), board)
    hsi, main = 2, 3
    assert state.field("RCC", "PLLCFGR", "PLLSRC") == hsi
    source = HSI // (state.field("RCC", "PLLCFGR", "PLLM") + 1)
    core = source * state.field("RCC", "PLLCFGR", "PLLN")
    core //= 2 * state.field("RCC", "PLLCFGR", "PLLR") + 2
    assert state.field("RCC", "PLLCFGR", "PLLREN") == 1
    assert core == board.clock_hz
    assert state.field("RCC", "CFGR", "SW") == main
    assert state.field("RCC", "CFGR", "HPRE") == 0
    assert state.field("RCC", "CCIPR", "LPUART1SEL") == hsi
    assert board.console.clock_hz == 256 * HSI
    assert state.field("PWR", "CR2", "IOSV") == 1
