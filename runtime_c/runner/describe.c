/// Answers to "describe" and "read sizes": what this firmware is, what its model takes and gives.
#include "edgec/board.h"
#include "protocol.h"

edgec_result_t edgec_handle_describe(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    uint8_t *const start = edgec_payload(&runner->message) + 1;
    uint8_t *to = start;
    *to++ = EDGEC_PROTOCOL_VERSION;
    *to++ = (uint8_t)runner->tick_source;
    to = edgec_put_u16(to, model->input_count);
    to = edgec_put_u16(to, model->output_count);
    to = edgec_put_u16(to, model->node_count);
    to = edgec_put_u32(to, EDGEC_BOARD_CLOCK_HZ);
    to = edgec_put_u32(to, model->arena_bytes);
    to = edgec_put_u32(to, runner->empty_run_ticks);
    to = edgec_put_u32(to, runner->node_hook_ticks);
    for (uint32_t i = 0; i < 8; i++) {
        *to++ = model->hash[i];
    }
    runner->message.payload_size = (uint32_t)(to - start);
    return EDGEC_RESULT_OK;
}

static uint32_t size_of_tensor(const edgec_runner_model_t *model, uint32_t index)
{
    return index < model->input_count ? model->input_bytes[index]
                                      : model->output_bytes[index - model->input_count];
}

edgec_result_t edgec_handle_read_sizes(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    uint8_t *payload = edgec_payload(&runner->message);
    const bool complete = runner->message.payload_size == 3;
    const uint32_t first = edgec_get_u16(payload);
    const uint32_t count = payload[2];
    const uint32_t known = (uint32_t)model->input_count + model->output_count;
    runner->message.payload_size = 0;
    if (!complete || count > EDGEC_CHUNK_BYTES / 4 || first + count > known) {
        return EDGEC_RESULT_ARGUMENT;
    }
    uint8_t *to = payload + 1;
    for (uint32_t i = 0; i < count; i++) {
        to = edgec_put_u32(to, size_of_tensor(model, first + i));
    }
    runner->message.payload_size = 4 * count;
    return EDGEC_RESULT_OK;
}
