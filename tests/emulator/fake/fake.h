/// A hand-written stand-in for a generated model: adds, counts, and misbehaves on request.
#ifndef FAKE_H
#define FAKE_H

#include "edgec/edgec.h"

#define FAKE_INPUT_COUNT 2
#define FAKE_OUTPUT_COUNT 2
#define FAKE_NODE_COUNT 4
#define FAKE_ARENA_SIZE 32768
#define FAKE_ARENA_ALIGN 16
#define FAKE_INPUT_0_BYTES 27648
#define FAKE_INPUT_1_BYTES 4
#define FAKE_OUTPUT_0_BYTES 1000
#define FAKE_OUTPUT_1_BYTES 8
#define FAKE_MODEL_HASH {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF}

typedef struct {
    uint8_t *arena;
    uint32_t runs;
} fake_t;

edgec_status_t fake_init(fake_t *model, void *arena, size_t bytes);
void *fake_input(fake_t *model, uint32_t index);
const void *fake_output(const fake_t *model, uint32_t index);
edgec_status_t fake_run(fake_t *model);
void fake_reset(fake_t *model);

#endif
