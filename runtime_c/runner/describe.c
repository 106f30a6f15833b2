/// Answer to "describe": what this firmware is and what its model takes and gives.
#include "edgec/board.h"
#include "protocol.h"

static uint8_t *put_sizes(uint8_t *to, const uint32_t *sizes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to = edgec_put_u32(to, sizes[i]);
    }
    return to;
}

edgec_result_t edgec_handle_describe(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    uint8_t *const start = edgec_payload(&runner->message) + 1;
    uint8_t *to = start;
    *to++ = EDGEC_PROTOCOL_VERSION;
    *to++ = (uint8_t)runner->tick_source;
    *to++ = model->input_count;
    *to++ = model->output_count;
    *to++ = (uint8_t)model->node_count;
    *to++ = (uint8_t)(model->node_count >> 8);
    to = edgec_put_u32(to, EDGEC_BOARD_CLOCK_HZ);
    to = edgec_put_u32(to, model->arena_bytes);
    to = edgec_put_u32(to, runner->empty_run_ticks);
    to = edgec_put_u32(to, runner->node_hook_ticks);
    for (uint32_t i = 0; i < 8; i++) {
        *to++ = model->hash[i];
    }
    to = put_sizes(to, model->input_bytes, model->input_count);
    to = put_sizes(to, model->output_bytes, model->output_count);
    runner->message.payload_size = (uint32_t)(to - start);
    return EDGEC_RESULT_OK;
}
