/// Console on a Microchip SERCOM in USART mode (SAM D51, E5x): transmits on pad 0, receives on 1.
///
/// Clocks and pins are set by the board file's `setup` list before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define SERCOM_CTRLA EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define SERCOM_CTRLB EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x04u)
#define SERCOM_BAUD EDGEC_REGISTER_16(EDGEC_CONSOLE_BASE + 0x0Cu)
#define SERCOM_INTFLAG EDGEC_REGISTER_8(EDGEC_CONSOLE_BASE + 0x18u)
#define SERCOM_SYNCBUSY EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x1Cu)
#define SERCOM_DATA EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x28u)

#define CTRLA_ENABLE 2u
#define CTRLA_USART ((1u << 2) | (1u << 20) | (1u << 30)) /* internal clock, pad 1, LSB first */
#define CTRLB_RX_TX (3u << 16)
#define FLAG_TX_EMPTY 1u
#define FLAG_TX_DONE 2u
#define FLAG_RX_FULL 4u

/// 65536 * (1 - 16 * baud / clock), as the arithmetic baud generator wants it.
static uint16_t baud_rate(void)
{
    const uint64_t share = ((uint64_t)EDGEC_CONSOLE_BAUD << 20) / EDGEC_CONSOLE_CLOCK_HZ;
    return (uint16_t)(65536u - (uint32_t)share);
}

static void synchronize(void)
{
    while (SERCOM_SYNCBUSY != 0) {
    }
}

void edgec_console_start(void)
{
    SERCOM_CTRLA = CTRLA_USART;
    SERCOM_BAUD = baud_rate();
    SERCOM_CTRLB = CTRLB_RX_TX;
    synchronize();
    SERCOM_CTRLA = CTRLA_USART | CTRLA_ENABLE;
    synchronize();
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((SERCOM_INTFLAG & FLAG_RX_FULL) == 0) {
    }
    size_t count = 0;
    while (count < size && (SERCOM_INTFLAG & FLAG_RX_FULL) != 0) {
        to[count++] = (uint8_t)SERCOM_DATA;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((SERCOM_INTFLAG & FLAG_TX_EMPTY) == 0) {
        }
        SERCOM_DATA = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((SERCOM_INTFLAG & FLAG_TX_DONE) == 0) {
    }
}
