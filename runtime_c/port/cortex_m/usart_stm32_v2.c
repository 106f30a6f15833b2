/// Console on an STM32 USART or LPUART of the second kind (F7, G0, H7, L4, N6, U5: ISR, RDR, TDR).
///
/// Clocks and pins are set by the board file's `setup` list before this starts. An LPUART divides
/// 256 times its clock: its board states that product as `clock_hz`.
#include "edgec/board.h"
#include "edgec/port.h"
#include "registers.h"

#define USART_CR1 EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x00u)
#define USART_BRR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x0Cu)
#define USART_ISR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x1Cu)
#define USART_ICR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x20u)
#define USART_RDR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x24u)
#define USART_TDR EDGEC_REGISTER(EDGEC_CONSOLE_BASE + 0x28u)

#define CR1_ON 1u
#define CR1_RX_TX ((1u << 2) | (1u << 3))
#define ISR_RX_FULL (1u << 5)
#define ISR_TX_DONE (1u << 6)
#define ISR_TX_EMPTY (1u << 7)
#define ICR_ERRORS 0xFu /* parity, framing, noise, overrun: an overrun would stop reception */

void edgec_console_start(void)
{
    USART_CR1 = 0;
    USART_BRR = (EDGEC_CONSOLE_CLOCK_HZ + EDGEC_CONSOLE_BAUD / 2) / EDGEC_CONSOLE_BAUD;
    USART_CR1 = CR1_RX_TX;
    USART_CR1 = CR1_RX_TX | CR1_ON;
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    while ((USART_ISR & ISR_RX_FULL) == 0) {
        USART_ICR = ICR_ERRORS;
    }
    size_t count = 0;
    while (count < size && (USART_ISR & ISR_RX_FULL) != 0) {
        to[count++] = (uint8_t)USART_RDR;
    }
    return count;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        while ((USART_ISR & ISR_TX_EMPTY) == 0) {
        }
        USART_TDR = from[i];
    }
}

void edgec_console_stop(void)
{
    while ((USART_ISR & ISR_TX_DONE) == 0) {
    }
}
