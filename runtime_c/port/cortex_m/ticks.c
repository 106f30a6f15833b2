/// Ticks of the processor clock in 64 bits: DWT->CYCCNT where it counts, SysTick elsewhere.
///
/// In QEMU under -icount a tick is a fixed time and an instruction is 2^shift ns, so a difference of
/// ticks is a number of instructions. The interrupt handler costs EDGEC_SYSTICK_INSTRUCTIONS (5, see
/// edgec/firmware/counting.py) each 2^24 ticks; the host takes them off.
#include "edgec/port.h"
#include "registers.h"

#define SYSTICK_RELOAD 0xFFFFFFu
#define SYSTICK_BITS 24

static volatile uint32_t overflows;
static uint32_t dwt_start;
static uint32_t dwt_last;
static uint32_t dwt_wraps;
static edgec_tick_source_t source = EDGEC_TICKS_SYSTICK;

void edgec_systick(void);

void edgec_systick(void)
{
    overflows++;
}

#if __ARM_ARCH >= 7
static edgec_tick_source_t detect(void)
{
    EDGEC_DEMCR |= EDGEC_DEMCR_TRACE;
    EDGEC_DWT_CTRL |= EDGEC_DWT_COUNT;
    const uint32_t first = EDGEC_DWT_CYCCNT;
    __asm volatile("nop\n nop\n nop");
    return EDGEC_DWT_CYCCNT != first ? EDGEC_TICKS_DWT : EDGEC_TICKS_SYSTICK;
}
#else
static edgec_tick_source_t detect(void)
{
    return EDGEC_TICKS_SYSTICK;
}
#endif

edgec_tick_source_t edgec_ticks_start(void)
{
    source = detect();
    edgec_ticks_restart();
    return source;
}

void edgec_ticks_restart(void)
{
    EDGEC_SYST_CSR = 0;
    EDGEC_SCB_ICSR = EDGEC_ICSR_SYSTICK_CLEAR;
    overflows = 0;
    dwt_wraps = 0;
    if (source == EDGEC_TICKS_DWT) {
        dwt_start = EDGEC_DWT_CYCCNT;
        dwt_last = dwt_start;
        return;
    }
    EDGEC_SYST_RVR = SYSTICK_RELOAD;
    EDGEC_SYST_CVR = 0;
    EDGEC_SYST_CSR = EDGEC_SYST_ENABLE | EDGEC_SYST_INTERRUPT | EDGEC_SYST_PROCESSOR_CLOCK;
}

/// Wraps are seen because no node runs for 2^32 cycles.
static uint64_t dwt_ticks(void)
{
    const uint32_t now = EDGEC_DWT_CYCCNT;
    dwt_wraps += now < dwt_last ? 1u : 0u;
    dwt_last = now;
    return (((uint64_t)dwt_wraps << 32) | now) - dwt_start;
}

uint64_t edgec_ticks(void)
{
    if (source == EDGEC_TICKS_DWT) {
        return dwt_ticks();
    }
    __asm volatile("cpsid i" ::: "memory");
    uint32_t low = EDGEC_SYST_CVR;
    uint32_t high = overflows;
    if ((EDGEC_SCB_ICSR & EDGEC_ICSR_SYSTICK_PENDING) != 0) {
        low = EDGEC_SYST_CVR;
        high++;
    }
    __asm volatile("cpsie i" ::: "memory");
    return ((uint64_t)high << SYSTICK_BITS) + (SYSTICK_RELOAD - low);
}
