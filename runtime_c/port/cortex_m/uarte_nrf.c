/// Console on an nRF53 UARTE: EasyDMA, one byte received at a time, blocks sent from RAM.
///
/// The board file's `setup` list selects the pins before this starts. The receiver's own FIFO holds
/// what arrives between two transfers.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define UARTE_START_RX EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x000u)
#define UARTE_START_TX EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x008u)
#define UARTE_RX_END EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x110u)
#define UARTE_TX_END EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x120u)
#define UARTE_ENABLE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x500u)
#define UARTE_BAUDRATE EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x524u)
#define UARTE_RX_POINTER EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x534u)
#define UARTE_RX_COUNT EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x538u)
#define UARTE_TX_POINTER EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x544u)
#define UARTE_TX_COUNT EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x548u)

#define ENABLE_UARTE 8u
#define UNIT_HZ 16000000u
#define BAUDRATE_GRAIN 0x1000u
#define BLOCK_BYTES 64u

static volatile uint8_t received;

/// Baud rate in units of 16 MHz / 2^32, rounded to what the divider resolves.
static uint32_t baud_rate(void)
{
    const uint64_t exact = ((uint64_t)EDGEC_CONSOLE_BAUD << 32) / UNIT_HZ;
    return ((uint32_t)exact + BAUDRATE_GRAIN / 2) & ~(BAUDRATE_GRAIN - 1u);
}

static void receive_next(void)
{
    UARTE_RX_END = 0;
    UARTE_RX_POINTER = (uint32_t)(uintptr_t)&received;
    UARTE_RX_COUNT = 1;
    UARTE_START_RX = 1;
}

void edgec_console_start(void)
{
    UARTE_BAUDRATE = baud_rate();
    UARTE_ENABLE = ENABLE_UARTE;
    receive_next();
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while (UARTE_RX_END == 0) {
    }
    size_t count = 0;
    while (count < size && UARTE_RX_END != 0) {
        to[count++] = received;
        receive_next();
    }
    return count;
}

/// EasyDMA reads RAM only, and `from` may be a constant in flash: copy blocks.
void edgec_console_write(const uint8_t *from, size_t size)
{
    static uint8_t block[BLOCK_BYTES];
    size_t sent = 0;
    while (sent < size) {
        uint32_t count = 0;
        while (count < BLOCK_BYTES && sent < size) {
            block[count++] = from[sent++];
        }
        UARTE_TX_END = 0;
        UARTE_TX_POINTER = (uint32_t)(uintptr_t)block;
        UARTE_TX_COUNT = count;
        __asm volatile("dsb" ::: "memory");
        UARTE_START_TX = 1;
        while (UARTE_TX_END == 0) {
        }
    }
}

/// Nothing is left to send: each write waited for its last byte.
void edgec_console_stop(void)
{
}
