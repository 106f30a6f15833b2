/// Console on an Arm CMSDK UART (MPS2 and MPS3 boards).
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define UART_DATA EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define UART_STATE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x04u)
#define UART_CTRL EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x08u)
#define UART_BAUDDIV EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x10u)

#define STATE_TX_FULL 1u
#define STATE_RX_FULL 2u
#define CTRL_TX_RX 3u

void edgec_console_start(void)
{
    UART_BAUDDIV = EDGEC_CONSOLE_CLOCK_HZ / EDGEC_CONSOLE_BAUD;
    UART_CTRL = CTRL_TX_RX;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((UART_STATE & STATE_RX_FULL) == 0) {
    }
    size_t count = 0;
    while (count < size && (UART_STATE & STATE_RX_FULL) != 0) {
        to[count++] = (uint8_t)UART_DATA;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((UART_STATE & STATE_TX_FULL) != 0) {
        }
        UART_DATA = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((UART_STATE & STATE_TX_FULL) != 0) {
    }
}
