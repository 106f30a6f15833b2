/// Reset and fault handling for every Cortex-M core: vectors, memory, FPU and MVE.
#include <stdint.h>

#include "edgec/board.h"
#include "edgec/port.h"
#include "edgec/runner.h"
#include "registers.h"

extern uint32_t edgec_stack_top[];
extern uint32_t edgec_stack_limit[];
extern uint32_t edgec_data_load[];
extern uint32_t edgec_data_start[];
extern uint32_t edgec_data_end[];
extern uint32_t edgec_bss_start[];
extern uint32_t edgec_bss_end[];

void edgec_reset(void);
void edgec_fault(void);
void edgec_fault_report(const uint32_t *frame, uint32_t cause);
void edgec_systick(void);

#define SETUP_POLLS 20000u

typedef void (*edgec_vector_t)(void);

typedef struct {
    uint32_t *stack;
    edgec_vector_t handlers[15];
} edgec_vectors_t;

/// Every exception but SysTick is a fault: the firmware uses no other.
__attribute__((section(".edgec_vectors"), used)) const edgec_vectors_t edgec_vectors = {
    edgec_stack_top,
    {edgec_reset, edgec_fault, edgec_fault, edgec_fault, edgec_fault, edgec_fault, edgec_fault,
     edgec_fault, edgec_fault, edgec_fault, edgec_fault, edgec_fault, edgec_fault, edgec_fault,
     edgec_systick}};

static void enable_core(void)
{
#if __ARM_ARCH >= 7 || defined(__ARM_FEATURE_CMSE)
    EDGEC_SCB_VTOR = (uint32_t)(uintptr_t)&edgec_vectors;
#endif
#if defined(__ARM_ARCH_8M_MAIN__) || defined(__ARM_ARCH_8_1M_MAIN__)
    __asm volatile("msr msplim, %0" ::"r"(edgec_stack_limit));
#endif
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    EDGEC_SCB_CPACR |= EDGEC_CPACR_FPU;
#endif
#if defined(__ARM_FEATURE_MVE)
    EDGEC_SCB_CCR |= EDGEC_CCR_LOW_OVERHEAD_BRANCH;
#endif
    __asm volatile("dsb\n isb" ::: "memory");
}

static void fill_memory(void)
{
    const uint32_t *from = edgec_data_load;
    for (uint32_t *to = edgec_data_start; to < edgec_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = edgec_bss_start; to < edgec_bss_end; to++) {
        *to = 0;
    }
}

/// A register of 1, 2 or 4 bytes: bits cleared, then set.
static void change_register(uint32_t address, uint32_t clear, uint32_t set, uint32_t width)
{
    if (width == 1) {
        volatile uint8_t *const to = (volatile uint8_t *)(uintptr_t)address;
        *to = (uint8_t)((*to & ~clear) | set);
    } else if (width == 2) {
        volatile uint16_t *const to = (volatile uint16_t *)(uintptr_t)address;
        *to = (uint16_t)((*to & ~clear) | set);
    } else {
        volatile uint32_t *const to = (volatile uint32_t *)(uintptr_t)address;
        *to = (*to & ~clear) | set;
    }
}

static uint32_t read_register(uint32_t address, uint32_t width)
{
    if (width == 1) {
        return *(volatile uint8_t *)(uintptr_t)address;
    }
    return width == 2 ? *(volatile uint16_t *)(uintptr_t)address
                      : *(volatile uint32_t *)(uintptr_t)address;
}

/// Write the board's start-up registers: clocks, pins. A wait that never ends is given up.
static void set_up_board(void)
{
    static const struct {
        uint32_t address, clear, set, wait, width;
    } steps[] = {EDGEC_BOARD_SETUP};
    for (uint32_t i = 0; i + 1 < sizeof steps / sizeof steps[0]; i++) {
        const uint32_t wait = steps[i].wait;
        const uint32_t width = steps[i].width;
        change_register(steps[i].address, steps[i].clear, steps[i].set, width);
        for (uint32_t polls = 0; (read_register(steps[i].address, width) & wait) != wait; polls++) {
            if (polls == SETUP_POLLS) {
                break;
            }
        }
    }
}

#if EDGEC_BOARD_CACHES
/// Both caches of a Cortex-M7 or M85: their content is undefined after reset.
static void enable_caches(void)
{
    EDGEC_SCB_CSSELR = 0;
    __asm volatile("dsb" ::: "memory");
    const uint32_t size = EDGEC_SCB_CCSIDR;
    const uint32_t sets = ((size >> 13) & 0x7FFFu) + 1u;
    const uint32_t ways = ((size >> 3) & 0x3FFu) + 1u;
    const uint32_t way_shift = ways > 1u ? (uint32_t)__builtin_clz(ways - 1u) : 0u;
    const uint32_t set_shift = (size & 7u) + 4u;
    for (uint32_t set = 0; set < sets; set++) {
        for (uint32_t way = 0; way < ways; way++) {
            EDGEC_SCB_DCISW = (set << set_shift) | (ways > 1u ? way << way_shift : 0u);
        }
    }
    EDGEC_SCB_ICIALLU = 0;
    __asm volatile("dsb\n isb" ::: "memory");
    EDGEC_SCB_CCR |= EDGEC_CCR_CACHES;
    __asm volatile("dsb\n isb" ::: "memory");
}
#else
static void enable_caches(void)
{
}
#endif

void edgec_reset(void)
{
    enable_core();
    enable_caches();
    fill_memory();
    set_up_board();
    (void)main();
    for (;;) {
    }
}

/// Hand the stacked registers to C, on a fresh stack: the old one may be what overflowed.
__attribute__((naked)) void edgec_fault(void)
{
    __asm volatile("mrs r0, msp\n"
                   "mrs r1, ipsr\n"
                   "ldr r2, =edgec_stack_top\n"
                   "mov sp, r2\n"
                   "ldr r2, =edgec_fault_report\n"
                   "bx r2\n"
                   ".ltorg\n");
}

__attribute__((used)) void edgec_fault_report(const uint32_t *frame, uint32_t cause)
{
    uint32_t pc = 0;
    uint32_t lr = 0;
    if (frame >= edgec_stack_limit && frame + 8 <= edgec_stack_top) {
        lr = frame[5];
        pc = frame[6];
    }
    edgec_runner_report_fault(cause, pc, lr, EDGEC_SCB_CFSR);
    for (;;) {
    }
}
