/// Console on an NXP LPUART (i.MX RT).
///
/// Clocks and pins are set by the board file's `setup` list before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define LPUART_BAUD EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x10u)
#define LPUART_STAT EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x14u)
#define LPUART_CTRL EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x18u)
#define LPUART_DATA EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x1Cu)

#define OVERSAMPLING 16u
#define BAUD_OVERSAMPLING ((OVERSAMPLING - 1u) << 24)
#define STAT_ERRORS (0xFu << 16) /* overrun, noise, framing, parity: cleared by writing ones */
#define STAT_RX_FULL (1u << 21)
#define STAT_TX_DONE (1u << 22)
#define STAT_TX_EMPTY (1u << 23)
#define CTRL_RX_TX (3u << 18)

#define BIT_HZ (OVERSAMPLING * EDGEC_CONSOLE_BAUD)
#define DIVIDER ((EDGEC_CONSOLE_CLOCK_HZ + BIT_HZ / 2u) / BIT_HZ)

void edgec_console_start(void)
{
    LPUART_CTRL = 0;
    LPUART_BAUD = BAUD_OVERSAMPLING | DIVIDER;
    LPUART_CTRL = CTRL_RX_TX;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((LPUART_STAT & STAT_RX_FULL) == 0) {
        LPUART_STAT = STAT_ERRORS;
    }
    size_t count = 0;
    while (count < size && (LPUART_STAT & STAT_RX_FULL) != 0) {
        to[count++] = (uint8_t)LPUART_DATA;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((LPUART_STAT & STAT_TX_EMPTY) == 0) {
        }
        LPUART_DATA = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((LPUART_STAT & STAT_TX_DONE) == 0) {
    }
}
