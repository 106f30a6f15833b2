/// Run the model once, and read what the node hook noted.
#include "protocol.h"

#define WATCH_BYTES 10u /* u16 node, u32 offset, u32 size */

static uint32_t crc_of_inputs(const edgec_runner_model_t *model)
{
    uint32_t crc = 0;
    for (uint32_t i = 0; i < model->input_count; i++) {
        crc = edgec_crc32(crc, model->input(model->context, i), model->input_bytes[i]);
    }
    return crc;
}

/// Read what to watch, where the request says so. False when that is no part of the arena.
static bool take_watch(edgec_runner_t *runner, edgec_watch_t *watch)
{
    const edgec_runner_model_t *model = runner->model;
    const uint8_t *payload = edgec_payload(&runner->message);
    const uint32_t offset = edgec_get_u32(payload + 2);
    watch->node = edgec_get_u16(payload);
    watch->size = edgec_get_u32(payload + 6);
    watch->start = model->arena + offset;
    return watch->node < model->node_count && offset <= model->arena_bytes
           && watch->size <= model->arena_bytes - offset;
}

edgec_result_t edgec_handle_run(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    edgec_watch_t watch = {0, 0, 0, 0};
    const bool watches = runner->message.payload_size == WATCH_BYTES;
    if (watches && !take_watch(runner, &watch)) {
        runner->message.payload_size = 0;
        return EDGEC_RESULT_ARGUMENT;
    }
    const uint32_t crc = crc_of_inputs(model);
    uint64_t start = 0;
    uint64_t end = 0;
    (void)edgec_profile_into(model->marks, model->node_count);
    edgec_watch(watches ? &watch : 0);
    const edgec_status_t status = edgec_measure(model->run, model->context, &start, &end);
    edgec_watch(0);
    uint8_t *to = edgec_payload(&runner->message) + 1;
    *to++ = (uint8_t)status.code;
    to = edgec_put_u32(to, (uint32_t)status.node);
    to = edgec_put_u64(to, start);
    to = edgec_put_u64(to, end);
    to = edgec_put_u32(to, crc);
    (void)edgec_put_u32(to, watch.crc);
    runner->message.payload_size = watches ? 29 : 25;
    return EDGEC_RESULT_OK;
}

edgec_result_t edgec_handle_read_profile(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    uint8_t *payload = edgec_payload(&runner->message);
    const bool complete = runner->message.payload_size == 3;
    const uint32_t first = edgec_get_u16(payload);
    const uint32_t count = payload[2];
    runner->message.payload_size = 0;
    if (!complete || count > EDGEC_CHUNK_BYTES / 8 || first + count > model->node_count) {
        return EDGEC_RESULT_ARGUMENT;
    }
    uint8_t *to = payload + 1;
    for (uint32_t i = 0; i < count; i++) {
        to = edgec_put_u64(to, model->marks[first + i]);
    }
    runner->message.payload_size = 8 * count;
    return EDGEC_RESULT_OK;
}
