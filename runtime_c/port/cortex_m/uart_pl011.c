/// Console on an Arm PL011 UART (RP2040, RP2350).
///
/// Clocks, resets and pins are set by the board file's `setup` list before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define UART_DATA EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define UART_FLAGS EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x18u)
#define UART_DIVIDER EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x24u)
#define UART_FRACTION EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x28u)
#define UART_LINE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x2Cu)
#define UART_CONTROL EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x30u)

#define FLAG_BUSY (1u << 3)
#define FLAG_RX_EMPTY (1u << 4)
#define FLAG_TX_FULL (1u << 5)
#define LINE_8_BITS_FIFO 0x70u
#define CONTROL_ON 0x301u

/// The divider counts 64ths of 16 bit clocks.
#define SIXTY_FOURTHS ((EDGEC_CONSOLE_CLOCK_HZ * 4u + EDGEC_CONSOLE_BAUD / 2) / EDGEC_CONSOLE_BAUD)

void edgec_console_start(void)
{
    UART_CONTROL = 0;
    UART_DIVIDER = SIXTY_FOURTHS / 64u;
    UART_FRACTION = SIXTY_FOURTHS % 64u;
    UART_LINE = LINE_8_BITS_FIFO;
    UART_CONTROL = CONTROL_ON;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((UART_FLAGS & FLAG_RX_EMPTY) != 0) {
    }
    size_t count = 0;
    while (count < size && (UART_FLAGS & FLAG_RX_EMPTY) == 0) {
        to[count++] = (uint8_t)UART_DATA;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((UART_FLAGS & FLAG_TX_FULL) != 0) {
        }
        UART_DATA = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((UART_FLAGS & FLAG_BUSY) != 0) {
    }
}
