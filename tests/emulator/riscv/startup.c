/// Reset and traps of a RISC-V core in machine mode, as QEMU's `virt` starts it: at the first byte.
#include <stdint.h>

#include "edgec/board.h"
#include "edgec/port.h"
#include "edgec/runner.h"

extern uint32_t edgec_data_load[];
extern uint32_t edgec_data_start[];
extern uint32_t edgec_data_end[];
extern uint32_t edgec_bss_start[];
extern uint32_t edgec_bss_end[];

void edgec_entry(void);
void edgec_trap(void);
void edgec_reset(void);
void edgec_fault(uint32_t cause, uint32_t pc, uint32_t ra, uint32_t value);

/// There is no stack yet, so nothing but assembly. The linker aligns the stack to 8, the ABI to 16.
__attribute__((naked, used, section(".edgec_boot"))) void edgec_entry(void)
{
    __asm volatile("la sp, edgec_stack_top\n"
                   "andi sp, sp, -16\n"
                   "la t0, edgec_trap\n"
                   "csrw mtvec, t0\n"
                   "j edgec_reset\n");
}

/// Every trap is a fault, reported on a fresh stack: the old one may be what overflowed.
__attribute__((naked, used, aligned(4))) void edgec_trap(void)
{
    __asm volatile("csrr a0, mcause\n"
                   "csrr a1, mepc\n"
                   "mv a2, ra\n"
                   "csrr a3, mtval\n"
                   "la sp, edgec_stack_top\n"
                   "andi sp, sp, -16\n"
                   "j edgec_fault\n");
}

__attribute__((used)) void edgec_fault(uint32_t cause, uint32_t pc, uint32_t ra, uint32_t value)
{
    edgec_runner_report_fault(cause, pc, ra, value);
    for (;;) {
    }
}

__attribute__((used)) void edgec_reset(void)
{
    const uint32_t *from = edgec_data_load;
    for (uint32_t *to = edgec_data_start; to < edgec_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = edgec_bss_start; to < edgec_bss_end; to++) {
        *to = 0;
    }
    (void)main();
    for (;;) {
    }
}
