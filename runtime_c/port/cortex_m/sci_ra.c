/// Console on a Renesas RA8 SCI (the one with 32-bit registers).
///
/// Module stop, clock and pins are set by the board file's `setup` list before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define SCI_RECEIVED EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define SCI_SEND EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x04u)
#define SCI_CONTROL EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x08u)
#define SCI_BAUD EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x10u)
#define SCI_FORMAT EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x14u)
#define SCI_STATUS EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x48u)
#define SCI_CLEAR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x68u)

#define CONTROL_RX_TX ((1u << 0) | (1u << 4))
#define FORMAT_8_BITS_LSB_FIRST ((2u << 8) | (1u << 12))
#define STATUS_TX_EMPTY (1u << 29)
#define STATUS_TX_DONE (1u << 30)
#define STATUS_RX_FULL (1u << 31)
#define CLEAR_ERRORS ((1u << 24) | (1u << 27) | (1u << 28)) /* overrun, parity, framing */
#define CLEAR_RX_FULL (1u << 31)

/// Eight clocks per bit and the doubled generator (BGDM, ABCS); MDDR modulation stays off.
#define BAUD_FAST ((1u << 4) | (1u << 5))
#define BIT_HZ (8u * EDGEC_CONSOLE_BAUD)
#define DIVIDER ((EDGEC_CONSOLE_CLOCK_HZ + BIT_HZ / 2u) / BIT_HZ - 1u)

void edgec_console_start(void)
{
    SCI_CONTROL = 0;
    while ((SCI_CONTROL & CONTROL_RX_TX) != 0) {
    }
    SCI_FORMAT = FORMAT_8_BITS_LSB_FIRST;
    SCI_BAUD = BAUD_FAST | (DIVIDER << 8) | (0xFFu << 24);
    SCI_CONTROL = CONTROL_RX_TX;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((SCI_STATUS & STATUS_RX_FULL) == 0) {
        SCI_CLEAR = CLEAR_ERRORS;
    }
    size_t count = 0;
    while (count < size && (SCI_STATUS & STATUS_RX_FULL) != 0) {
        to[count++] = (uint8_t)SCI_RECEIVED;
        SCI_CLEAR = CLEAR_RX_FULL;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((SCI_STATUS & STATUS_TX_EMPTY) == 0) {
        }
        SCI_SEND = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((SCI_STATUS & STATUS_TX_DONE) == 0) {
    }
}
