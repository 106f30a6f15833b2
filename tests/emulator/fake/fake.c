#include "fake.h"

#include <string.h>

static const uint8_t weights[16] __attribute__((section(".edgec_weights"))) = {
    3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3};
static volatile uint32_t initialized = 0x600D600Du;

/// Exactly 3 * n instructions, but for the moves around it.
static void spin(uint32_t n)
{
    __asm volatile(".syntax unified\n1:\n subs %0, %0, #1\n nop\n bne 1b" : "+l"(n)::"cc");
}

edgec_status_t fake_init(fake_t *model, void *arena, size_t bytes)
{
    edgec_status_t status = {EDGEC_OK, -1};
    if (bytes < FAKE_ARENA_SIZE || initialized != 0x600D600Du) {
        status.code = EDGEC_ERROR_ARENA_SIZE;
    }
    model->arena = arena;
    model->runs = 0;
    return status;
}

void *fake_input(fake_t *model, uint32_t index)
{
    return model->arena + (index == 0 ? 0 : 27648);
}

const void *fake_output(const fake_t *model, uint32_t index)
{
    return model->arena + (index == 0 ? 28000 : 29008);
}

void fake_reset(fake_t *model)
{
    model->runs = 0;
}

/// Input 1 is a command: 0 works, 1 fails at node 2, 2 hangs, 3 jumps nowhere, 4 eats the stack.
edgec_status_t fake_run(fake_t *model)
{
    edgec_status_t status = {EDGEC_OK, -1};
    const uint8_t *input = fake_input(model, 0);
    uint8_t *sums = model->arena + 28000;
    uint32_t command;
    memcpy(&command, model->arena + 27648, sizeof command);
    for (uint32_t i = 0; i < FAKE_OUTPUT_0_BYTES; i++) {
        sums[i] = (uint8_t)(input[i] + input[27647 - i] + weights[i & 15u]);
    }
    edgec_on_node(0);
    spin(1000);
    edgec_on_node(1);
    if (command == 1) {
        status.code = EDGEC_ERROR_KERNEL;
        status.node = 2;
        return status;
    }
    if (command == 2) {
        for (;;) {
        }
    }
    if (command == 3) {
        __asm volatile("bx %0" ::"r"(0xF0000001u));
    }
    if (command == 4) {
        __asm volatile(".syntax unified\n1:\n push {r0}\n b 1b");
    }
    spin(2000000);
    edgec_on_node(2);
    spin(2000);
    edgec_on_node(3);
    model->runs++;
    memset(model->arena + 29008, 0, 8);
    memcpy(model->arena + 29008, &model->runs, sizeof model->runs);
    return status;
}
