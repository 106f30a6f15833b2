/// RP2040: the second stage that its boot ROM loads from the first 256 bytes of the flash.
///
/// Makes the flash readable as memory (command 0x03, one line, a quarter of the system clock: every
/// flash knows it), then starts the program whose vectors follow. The ROM runs it only with the right
/// CRC-32 (most significant bit first, not inverted) in the last word, so the code stands here as
/// words; a test computes the CRC and disassembles them.
#include <stdint.h>

__attribute__((section(".edgec_boot"), used)) const uint32_t edgec_boot[64] = {
    0x21004B0Au, // ldr r3, ssi; movs r1, #0
    0x21046099u, // str r1, [r3, #8]: SSI off; movs r1, #4
    0x49096159u, // str r1, [r3, #20]: clock / 4; ldr r1, control
    0x21006019u, // str r1, [r3]; movs r1, #0
    0x48086059u, // str r1, [r3, #4]; ldr r0, spi_address
    0x60014908u, // ldr r1, spi_control; str r1, [r0]
    0x60992101u, // movs r1, #1; str r1, [r3, #8]: SSI on
    0x49084807u, // ldr r0, vectors; ldr r1, vtor
    0xC8066008u, // str r0, [r1]; ldmia r0!, {r1, r2}
    0x8808F381u, // msr msp, r1
    0x46C04710u, // bx r2; nop
    0x18000000u, // ssi
    0x001F0300u, // control: 32-bit frames, read after a command
    0x180000F4u, // spi_address
    0x03000218u, // spi_control: command 0x03, 24 bits of address
    0x10000100u, // vectors: right behind this block
    0xE000ED08u, // vtor
    [63] = 0x5173B336u,
};
