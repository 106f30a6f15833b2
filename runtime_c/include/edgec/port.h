/// What the runner asks of a board: a byte console and a counter of ticks.
#ifndef EDGEC_PORT_H
#define EDGEC_PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Make the console ready. Called once, after the board's clocks are set.
void edgec_console_start(void);

/// Wait for at least one byte, then read up to `size`. Returns 0 when the other end is gone.
size_t edgec_console_read(uint8_t *to, size_t size);

/// Write all `size` bytes; waits as long as it takes.
void edgec_console_write(const uint8_t *from, size_t size);

/// Say that nothing follows. Ends an emulator; on silicon it only waits for the last byte.
void edgec_console_stop(void);

typedef enum {
    EDGEC_TICKS_SYSTICK = 1, ///< SysTick on the processor clock, extended by its interrupt
    EDGEC_TICKS_DWT = 2      ///< the cycle counter of the debug unit
} edgec_tick_source_t;

/// Choose the counter: DWT->CYCCNT where it counts, SysTick elsewhere (M0, QEMU).
edgec_tick_source_t edgec_ticks_start(void);

/// Begin again at zero.
void edgec_ticks_restart(void);

/// Ticks of the processor clock since the last restart. The same number of instructions each time.
uint64_t edgec_ticks(void);

/// The program entered by startup after memory is ready.
int main(void);

#ifdef __cplusplus
}
#endif

#endif
