/// Console on an nRF51 or nRF52 UART (the one without EasyDMA).
///
/// The board file's `setup` list selects the pins before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define UART_START_RX EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x000u)
#define UART_START_TX EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x008u)
#define UART_RX_READY EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x108u)
#define UART_TX_READY EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x11Cu)
#define UART_ENABLE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x500u)
#define UART_RXD EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x518u)
#define UART_TXD EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x51Cu)
#define UART_BAUDRATE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x524u)

#define ENABLE_UART 4u
#define UNIT_HZ 16000000u
#define BAUDRATE_GRAIN 0x1000u

/// Baud rate in units of 16 MHz / 2^32, rounded to what the divider resolves.
static uint32_t baud_rate(void)
{
    const uint64_t exact = ((uint64_t)EDGEC_CONSOLE_BAUD << 32) / UNIT_HZ;
    return ((uint32_t)exact + BAUDRATE_GRAIN / 2) & ~(BAUDRATE_GRAIN - 1u);
}

void edgec_console_start(void)
{
    UART_BAUDRATE = baud_rate();
    UART_ENABLE = ENABLE_UART;
    UART_RX_READY = 0;
    UART_TX_READY = 0;
    UART_START_RX = 1;
    UART_START_TX = 1;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while (UART_RX_READY == 0) {
    }
    size_t count = 0;
    while (count < size && UART_RX_READY != 0) {
        UART_RX_READY = 0;
        to[count++] = (uint8_t)UART_RXD;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        UART_TX_READY = 0;
        UART_TXD = from[i];
        while (UART_TX_READY == 0) {
        }
    }
}

/// Nothing is left to send: each write waited for its last byte.
void edgec_console_stop(void)
{
}
