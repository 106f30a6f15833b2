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

/// Write the board's start-up registers: clocks, pins. A wait that never ends is given up.
static void set_up_board(void)
{
    static const struct {
        uint32_t address, clear, set, wait;
    } steps[] = {EDGEC_BOARD_SETUP};
    for (uint32_t i = 0; i + 1 < sizeof steps / sizeof steps[0]; i++) {
        volatile uint32_t *to = (volatile uint32_t *)(uintptr_t)steps[i].address;
        *to = (*to & ~steps[i].clear) | steps[i].set;
        for (uint32_t polls = 5000; polls > 0 && (*to & steps[i].wait) != steps[i].wait; polls--) {
        }
    }
}

void edgec_reset(void)
{
    enable_core();
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
