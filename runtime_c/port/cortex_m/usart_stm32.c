/// Console on an STM32 USART of the first kind (F1, F2, F4: SR and DR registers).
///
/// Clocks and pins are set by the board file's `setup` list before this starts.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define USART_SR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define USART_DR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x04u)
#define USART_BRR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x08u)
#define USART_CR1 EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x0Cu)

#define SR_RX_FULL (1u << 5)
#define SR_TX_DONE (1u << 6)
#define SR_TX_EMPTY (1u << 7)
#define CR1_RX_TX_ON ((1u << 2) | (1u << 3) | (1u << 5) | (1u << 13))

#define NVIC_BIT (1u << (EDGEC_CONSOLE_IRQ % 32u))
#define NVIC_WORD (4u * (EDGEC_CONSOLE_IRQ / 32u))
#define NVIC_ENABLE EDGEC_REGISTER(0xE000E100u + NVIC_WORD)
#define NVIC_DISABLE EDGEC_REGISTER(0xE000E180u + NVIC_WORD)
#define NVIC_CLEAR EDGEC_REGISTER(0xE000E280u + NVIC_WORD)

void edgec_console_start(void)
{
    USART_BRR = (EDGEC_CONSOLE_CLOCK_HZ + EDGEC_CONSOLE_BAUD / 2) / EDGEC_CONSOLE_BAUD;
    USART_CR1 = CR1_RX_TX_ON;
}

/// Sleep until a byte is there. The interrupt wakes the core but is never taken: it stays masked.
static void wait_for_byte(void)
{
    __asm volatile("cpsid i" ::: "memory");
    NVIC_ENABLE = NVIC_BIT;
    while ((USART_SR & SR_RX_FULL) == 0) {
        __asm volatile("wfi" ::: "memory");
        NVIC_CLEAR = NVIC_BIT;
    }
    NVIC_DISABLE = NVIC_BIT;
    NVIC_CLEAR = NVIC_BIT;
    __asm volatile("cpsie i" ::: "memory");
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    wait_for_byte();
    size_t count = 0;
    while (count < size && (USART_SR & SR_RX_FULL) != 0) {
        to[count++] = (uint8_t)USART_DR;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((USART_SR & SR_TX_EMPTY) == 0) {
        }
        USART_DR = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((USART_SR & SR_TX_DONE) == 0) {
    }
}
