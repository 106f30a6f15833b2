/// The loop of the runner: one request in, one answer out.
#include "edgec/board.h"
#include "edgec/port.h"
#include "protocol.h"

#ifdef EDGEC_RUNNER_MODELS
static edgec_result_t select_model(edgec_runner_t *runner)
{
    const bool complete = runner->message.payload_size == 2;
    const uint32_t index = edgec_get_u16(edgec_payload(&runner->message));
    runner->message.payload_size = 0;
    if (!complete || index >= EDGEC_RUNNER_MODELS) {
        return EDGEC_RESULT_ARGUMENT;
    }
    runner->model = edgec_runner_models[index];
    return EDGEC_RESULT_OK;
}
#endif

static edgec_result_t handle(edgec_runner_t *runner, uint8_t request)
{
    switch (request) {
    case EDGEC_REQUEST_DESCRIBE:
        return edgec_handle_describe(runner);
    case EDGEC_REQUEST_READ_SIZES:
        return edgec_handle_read_sizes(runner);
    case EDGEC_REQUEST_WRITE_INPUT:
        return edgec_handle_write_input(runner);
    case EDGEC_REQUEST_RUN:
        return edgec_handle_run(runner);
    case EDGEC_REQUEST_READ_OUTPUT:
        return edgec_handle_read_output(runner);
    case EDGEC_REQUEST_READ_PROFILE:
        return edgec_handle_read_profile(runner);
    case EDGEC_REQUEST_SELF_TEST:
        return edgec_handle_self_test(runner);
    case EDGEC_REQUEST_RESET:
        runner->model->reset(runner->model->context);
        runner->message.payload_size = 0;
        return EDGEC_RESULT_OK;
    case EDGEC_REQUEST_BYE:
        runner->message.payload_size = 0;
        return EDGEC_RESULT_OK;
#ifdef EDGEC_RUNNER_MODELS
    case EDGEC_REQUEST_SELECT:
        return select_model(runner);
#endif
    default:
        runner->message.payload_size = 0;
        return EDGEC_RESULT_UNKNOWN;
    }
}

/// Put type and result around the payload that a handler left, and send.
static void answer(edgec_runner_t *runner, uint8_t request, edgec_result_t result)
{
    edgec_message_t *message = &runner->message;
    message->bytes[1] = (uint8_t)(request | EDGEC_ANSWER);
    *edgec_payload(message) = (uint8_t)result;
    message->payload_size += 1;
    edgec_message_send(message);
}

void edgec_runner_serve(const edgec_runner_model_t *model)
{
    static edgec_runner_t runner;
    runner.model = model;
    runner.tick_source = edgec_ticks_start();
    edgec_announce(model);
    edgec_calibrate(&runner);
    while (edgec_message_receive(&runner.message)) {
        const uint8_t request = runner.message.bytes[1];
        if ((request | EDGEC_ANSWER) >= EDGEC_NOTICE_BAD_FRAME) {
            continue; // an answer would look like a notice
        }
        answer(&runner, request, handle(&runner, request));
        if (request == EDGEC_REQUEST_BYE && !EDGEC_CONSOLE_IS_SERIAL) {
            break; // a board at a serial line stays ready for the next host
        }
    }
    edgec_console_stop();
}
