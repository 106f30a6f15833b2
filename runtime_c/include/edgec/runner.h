/// The runner: serves a model over a byte console, so that a host can feed inputs and read outputs.
///
/// One model, bounded buffers, no heap, no stdio. Protocol: docs in edgec/firmware/protocol.py and
/// runtime_c/runner/protocol.h. The firmware's main fills the descriptor and calls edgec_runner_serve.
#ifndef EDGEC_RUNNER_H
#define EDGEC_RUNNER_H

#include "edgec/edgec.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes in flash, the end excluded.
typedef struct {
    const uint8_t *start;
    const uint8_t *end;
} edgec_flash_part_t;

/// What the self-test looks at, and what it compares with; `expected` is written by the linker.
typedef struct {
    edgec_flash_part_t weights;
    const edgec_flash_part_t *code; ///< all else: vectors, code, constants, initial values of data
    uint32_t code_parts;
    const uint32_t *expected; ///< six words, see EDGEC_EXPECTED_* in runtime_c/runner/protocol.h
} edgec_self_test_t;

/// Everything the runner knows of a model. `context` is handed to each function.
typedef struct {
    void *context;
    const uint8_t *hash;          ///< 8 bytes that name the model
    const uint32_t *input_bytes;  ///< one entry per input
    const uint32_t *output_bytes; ///< one entry per output
    uint16_t input_count;
    uint16_t output_count;
    uint16_t node_count;
    uint32_t arena_bytes;
    uint64_t *marks; ///< room for node_count ticks: the end of each node in the last run
    edgec_status_t (*run)(void *context);
    void *(*input)(void *context, uint32_t index);
    const void *(*output)(void *context, uint32_t index);
    void (*reset)(void *context);
    const uint8_t *arena;
    const edgec_self_test_t *self_test; ///< or null: there is none
} edgec_runner_model_t;

/// Answer requests until the host says bye or closes the console. `model` must outlive the call.
void edgec_runner_serve(const edgec_runner_model_t *model);

/// Tell the host where the program died. Called by the fault handler; uses no interrupt.
/// `cause` is the number of the exception, or 0 for a failed start with `pc` = the status code.
void edgec_runner_report_fault(uint32_t cause, uint32_t pc, uint32_t lr, uint32_t fault_status);

#ifdef __cplusplus
}
#endif

#endif
