/// Ticks from mcycle: nanoseconds in QEMU under -icount, where an instruction is 2^shift of them.
#include "edgec/port.h"

static uint64_t first;

static uint64_t cycles(void)
{
    uint32_t low;
    uint32_t high;
    uint32_t again;
    do {
        __asm volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh"
                       : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return ((uint64_t)high << 32) | low;
}

edgec_tick_source_t edgec_ticks_start(void)
{
    edgec_ticks_restart();
    return EDGEC_TICKS_DWT;
}

void edgec_ticks_restart(void)
{
    first = cycles();
}

uint64_t edgec_ticks(void)
{
    return cycles() - first;
}
