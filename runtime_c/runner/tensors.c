/// Tensor data in and out, in chunks that go straight to and from the model's own memory.
#include <string.h>

#include "protocol.h"

#define WRITE_HEADER 6u /* u16 tensor, u32 offset */
#define READ_HEADER 7u  /* u16 tensor, u32 offset, u8 size */

static bool is_inside(uint32_t offset, uint32_t size, uint32_t limit)
{
    return offset <= limit && size <= limit - offset;
}

edgec_result_t edgec_handle_write_input(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    const uint8_t *payload = edgec_payload(&runner->message);
    const uint32_t received = runner->message.payload_size;
    runner->message.payload_size = 0;
    if (received < WRITE_HEADER || edgec_get_u16(payload) >= model->input_count) {
        return EDGEC_RESULT_ARGUMENT;
    }
    const uint32_t offset = edgec_get_u32(payload + 2);
    const uint32_t size = received - WRITE_HEADER;
    if (!is_inside(offset, size, model->input_bytes[edgec_get_u16(payload)])) {
        return EDGEC_RESULT_ARGUMENT;
    }
    uint8_t *tensor = model->input(model->context, edgec_get_u16(payload));
    memcpy(tensor + offset, payload + WRITE_HEADER, size);
    return EDGEC_RESULT_OK;
}

edgec_result_t edgec_handle_read_output(edgec_runner_t *runner)
{
    const edgec_runner_model_t *model = runner->model;
    uint8_t *payload = edgec_payload(&runner->message);
    const uint32_t received = runner->message.payload_size;
    runner->message.payload_size = 0;
    if (received != READ_HEADER || edgec_get_u16(payload) >= model->output_count) {
        return EDGEC_RESULT_ARGUMENT;
    }
    const uint32_t offset = edgec_get_u32(payload + 2);
    const uint32_t size = payload[6];
    if (size > EDGEC_CHUNK_BYTES || !is_inside(offset, size, model->output_bytes[edgec_get_u16(payload)])) {
        return EDGEC_RESULT_ARGUMENT;
    }
    const uint8_t *tensor = model->output(model->context, edgec_get_u16(payload));
    memcpy(payload + 1, tensor + offset, size);
    runner->message.payload_size = size;
    return EDGEC_RESULT_OK;
}
