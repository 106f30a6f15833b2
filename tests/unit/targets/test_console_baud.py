"""Each real board's console driver, run on this machine: what it writes makes the stated baud."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from c_program import run_c
from svd import read_chip

from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.resources import data_folder
from edgec.targets.board import board_names, load_board

REAL = [name for name in board_names() if load_board(name).console.driver != "semihosting"]
PORT = data_folder("runtime_c") / "port" / "cortex_m"
MOCK = """
#include <stdint.h>
volatile uint32_t *edgec_mock(uint32_t address);
#define EDGEC_REGISTER(address) (*edgec_mock(address))
#define EDGEC_REGISTER_16(address) (*(volatile uint16_t *)edgec_mock(address))
#define EDGEC_REGISTER_8(address) (*(volatile uint8_t *)edgec_mock(address))
"""
MAIN = """
#include <stdio.h>
#include "edgec/port.h"
#include "registers.h"
static uint32_t addresses[64];
static volatile uint32_t values[64];
static int count;

volatile uint32_t *edgec_mock(uint32_t address)
{
    for (int i = 0; i < count; i++) {
        if (addresses[i] == address) {
            return &values[i];
        }
    }
    addresses[count] = address;
    return &values[count++];
}

int main(void)
{
    edgec_console_start();
    for (int i = 0; i < count; i++) {
        printf("%u %u\\n", addresses[i], values[i]);
    }
    return 0;
}
"""
Registers = Mapping[int, int]  # offset -> value


def stm32(registers: Registers, clock: float, divider: int, control: int) -> float:
    oversampling_by_8, other_lengths, on = 1 << 15, 1 << 12 | 1 << 28, 1 << 2 | 1 << 3
    assert registers[control] & (oversampling_by_8 | other_lengths) == 0
    assert registers[control] & on == on
    assert 16 <= registers[divider] < 1 << 20
    return clock / registers[divider]


def nordic(registers: Registers, _: float) -> float:
    return registers[0x524] * 16e6 / 2**32


def pl011(registers: Registers, clock: float) -> float:
    assert registers[0x28] < 64
    assert registers[0x2C] & 0x60 == 0x60  # 8 bits
    assert registers[0x30] & 0x301 == 0x301
    return clock / (16 * (registers[0x24] + registers[0x28] / 64))


def lpuart(registers: Registers, clock: float) -> float:
    baud, on = registers[0x10], 1 << 18 | 1 << 19
    assert registers[0x18] == on  # 8 bits, no parity
    return clock / (((baud >> 24 & 31) + 1) * (baud & 0x1FFF))


def sercom(registers: Registers, clock: float) -> float:
    enabled, internal_clock, receives_on_pad_1, low_bit_first = 1 << 1, 1 << 2, 1 << 20, 1 << 30
    assert registers[0x00] == enabled | internal_clock | receives_on_pad_1 | low_bit_first
    assert registers[0x04] == 1 << 16 | 1 << 17
    return clock / 16 * (1 - registers[0x0C] / 65_536)


def sci(registers: Registers, clock: float) -> float:
    control = registers[0x10]
    doubled, eight_per_bit, modulated = control >> 4 & 1, control >> 5 & 1, control >> 16 & 1
    assert (doubled, eight_per_bit, modulated) == (1, 1, 0)
    return clock / (8 * ((control >> 8 & 0xFF) + 1))


FORMULAS: Mapping[str, Callable[[Registers, float], float]] = {
    "usart_stm32": lambda registers, clock: stm32(registers, clock, 0x08, 0x0C),
    "usart_stm32_v2": lambda registers, clock: stm32(registers, clock, 0x0C, 0x00),
    "uart_nrf": nordic,
    "uarte_nrf": nordic,
    "uart_pl011": pl011,
    "lpuart_imxrt": lpuart,
    "sercom_sam": sercom,
    "sci_ra": sci,
}


def registers_after_start(name: str, folder: Path) -> dict[int, int]:
    """Run the board's driver with registers that only remember; return address -> value."""
    board = load_board(name)
    firmware = firmware_tree(board, FirmwareModel("none", 1, 1)).files
    driver = (PORT / f"{board.console.driver}.c").read_text()
    files: dict[str, str | bytes] = {
        "driver.c": re.sub(r"__asm volatile\(.*?\);", ";", driver),
        "registers.h": MOCK,
        "main.c": MAIN,
        "edgec/board.h": firmware["include/edgec/board.h"],
        "edgec/port.h": firmware["include/edgec/port.h"],
    }
    words = [int(word) for word in run_c(folder, files)]
    return dict(zip(words[::2], words[1::2], strict=True))


@pytest.mark.cc
@pytest.mark.parametrize("name", REAL)
def test_the_driver_makes_the_baud(name: str, tmp_path: Path) -> None:
    console = load_board(name).console
    written = registers_after_start(name, tmp_path)
    inside = {address - console.base: value for address, value in written.items()}
    assert all(0 <= offset < 0x1000 for offset in inside)
    baud = FORMULAS[console.driver](inside, float(console.clock_hz))
    assert baud == pytest.approx(console.baud, rel=0.02)


@pytest.mark.cc
@pytest.mark.svd
@pytest.mark.parametrize(
    ("name", "chip", "device", "register"),
    [
        ("stm32f405", "STM32F41x.svd", "USART1", "BRR"),
        ("stm32vldiscovery", "STM32F103xx.svd", "USART1", "BRR"),
        ("nucleo-l4r5zi", "STM32L4x5.svd", "LPUART1", "BRR"),
        ("microbit", "nrf51.svd", "UART0", "BAUDRATE"),
        ("nrf52840-dk", "nrf52840.svd", "UARTE0", "BAUDRATE"),
        ("nrf5340-dk", "nrf9160.svd", "UARTE0_S", "BAUDRATE"),
        ("mimxrt1062", "MIMXRT1062.xml", "LPUART6", "BAUD"),
    ],
)
def test_the_driver_writes_the_registers_of_the_device(
    name: str, chip: str, device: str, register: str, tmp_path: Path
) -> None:
    known = read_chip(chip)
    written = registers_after_start(name, tmp_path)
    assert known.address(device, register) in written
    for address in written:
        if address >> 28 != 0xE:  # the core's own
            found = known.registers[address].peripheral
            assert known.bases[found] == known.bases[device]
