/// Self-test: the CRC of weights and code, and one run on made-up inputs against the reference's
/// outputs. No run shows every path of a kernel: the CRC does.
#include "edgec/port.h"
#include "protocol.h"

#define SEED 0x2545F491u

/// Fill an input with what Marsaglia's xorshift gives; edgec/driver/compile/self_test.py does the same.
static uint32_t fill(uint8_t *to, uint32_t size, uint32_t state)
{
    for (uint32_t i = 0; i < size; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        to[i] = (uint8_t)(state >> 24);
    }
    return state;
}

static uint32_t outputs_of_made_up_inputs(const edgec_runner_model_t *model, uint64_t *ticks)
{
    uint64_t start = 0;
    uint64_t end = 0;
    uint32_t state = SEED;
    uint32_t crc = 0;
    for (uint32_t i = 0; i < model->input_count; i++) {
        state = fill(model->input(model->context, i), model->input_bytes[i], state);
    }
    model->reset(model->context);
    const edgec_status_t status = edgec_measure(model->run, model->context, &start, &end);
    *ticks = end - start;
    for (uint32_t i = 0; i < model->output_count; i++) {
        crc = edgec_crc32(crc, model->output(model->context, i), model->output_bytes[i]);
    }
    model->reset(model->context);
    return status.code == EDGEC_OK ? crc : ~model->self_test->expected[EDGEC_EXPECTED_OUTPUTS];
}

static uint32_t crc_of(uint32_t crc, edgec_flash_part_t part)
{
    return edgec_crc32(crc, part.start, (uint32_t)(part.end - part.start));
}

edgec_self_test_result_t edgec_self_test_run(const edgec_runner_model_t *model)
{
    edgec_self_test_result_t result = {0, 0, 0, 0, 0};
    const edgec_self_test_t *test = model->self_test;
    if (test == 0) {
        return result;
    }
    result.weights_crc = crc_of(0, test->weights);
    for (uint32_t i = 0; i < test->code_parts; i++) {
        result.code_crc = crc_of(result.code_crc, test->code[i]);
    }
    result.verdict = EDGEC_VERDICT_CHECKED;
    if (test->expected[EDGEC_EXPECTED_CHECK_CODE] != 0) {
        result.verdict |= EDGEC_VERDICT_CODE_CHECKED;
        if (result.code_crc == test->expected[EDGEC_EXPECTED_CODE]) {
            result.verdict |= EDGEC_VERDICT_CODE_OK;
        }
    }
    if (result.weights_crc == test->expected[EDGEC_EXPECTED_WEIGHTS]) {
        result.verdict |= EDGEC_VERDICT_WEIGHTS_OK;
    }
    if (test->expected[EDGEC_EXPECTED_HAS_OUTPUTS] != 0) {
        result.verdict |= EDGEC_VERDICT_RAN;
        result.output_crc = outputs_of_made_up_inputs(model, &result.ticks);
        if (result.output_crc == test->expected[EDGEC_EXPECTED_OUTPUTS]) {
            result.verdict |= EDGEC_VERDICT_OUTPUTS_OK;
        }
    }
    return result;
}

edgec_result_t edgec_handle_self_test(edgec_runner_t *runner)
{
    const edgec_self_test_result_t found = edgec_self_test_run(runner->model);
    uint8_t *to = edgec_payload(&runner->message) + 1;
    *to++ = (uint8_t)found.verdict;
    to = edgec_put_u32(to, found.weights_crc);
    to = edgec_put_u32(to, found.output_crc);
    to = edgec_put_u64(to, found.ticks);
    (void)edgec_put_u32(to, found.code_crc);
    runner->message.payload_size = 21;
    return EDGEC_RESULT_OK;
}
