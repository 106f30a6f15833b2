/// Frames and numbers of the runner protocol; mirrored by edgec/firmware/protocol.py.
///
/// A message is `type, sequence, payload, CRC-32` (little endian), COBS-encoded and ended by a zero
/// byte. It has at most EDGEC_MESSAGE_BYTES, so one COBS block holds it and both directions of the
/// encoding work in place, in one buffer. An answer has the type of its request plus 0x80 and a
/// result as first byte of its payload.
#ifndef EDGEC_PROTOCOL_H
#define EDGEC_PROTOCOL_H

#include <stdbool.h>

#include "edgec/port.h"
#include "edgec/runner.h"

#define EDGEC_PROTOCOL_VERSION 1u
#define EDGEC_MESSAGE_BYTES 252u ///< type, sequence, payload, CRC
#define EDGEC_PAYLOAD_BYTES 246u
#define EDGEC_CHUNK_BYTES 240u ///< tensor data in one message
#define EDGEC_HEADER_BYTES 2u
#define EDGEC_CRC_BYTES 4u
#define EDGEC_CALIBRATION_CALLS 8u

typedef enum {
    EDGEC_REQUEST_DESCRIBE = 1,
    EDGEC_REQUEST_WRITE_INPUT = 2,  ///< u16 tensor, u32 offset, data
    EDGEC_REQUEST_RUN = 3,          ///< [u16 node, u32 offset, u32 size: a part of the arena]; answer:
                                    ///< u8 code, i32 node, u64 start, u64 end, u32 CRC of inputs,
                                    ///< [u32 CRC of that part right after that node]
    EDGEC_REQUEST_READ_OUTPUT = 4,  ///< u16 tensor, u32 offset, u8 size; answer: data
    EDGEC_REQUEST_READ_PROFILE = 5, ///< u16 first, u8 count; answer: u64 ticks at the end of each node
    EDGEC_REQUEST_RESET = 6,
    EDGEC_REQUEST_BYE = 7,
    EDGEC_REQUEST_SELF_TEST = 9, ///< answer: u8 verdict, u32 CRC of weights, of outputs, u64 ticks,
                                 ///< u32 CRC of code
    EDGEC_REQUEST_READ_SIZES = 8, ///< u16 first, u8 count; answer: u32 bytes of inputs, then outputs
    EDGEC_REQUEST_SELECT = 10 ///< u16 model: the one that is served from now on, where there are several
} edgec_request_t;

#define EDGEC_ANSWER 0x80u
#define EDGEC_NOTICE_BAD_FRAME 0xFEu ///< a frame was damaged; no payload
#define EDGEC_NOTICE_FAULT 0xFFu     ///< u32 cause, pc, lr, fault status; i32 nodes finished

typedef enum {
    EDGEC_RESULT_OK = 0,
    EDGEC_RESULT_ARGUMENT = 1, ///< no such tensor, node or range
    EDGEC_RESULT_UNKNOWN = 2   ///< no such request
} edgec_result_t;

/// Bits of the self-test's verdict.
#define EDGEC_VERDICT_WEIGHTS_OK 1u
#define EDGEC_VERDICT_RAN 2u
#define EDGEC_VERDICT_OUTPUTS_OK 4u
#define EDGEC_VERDICT_CHECKED 8u ///< there is a self-test
#define EDGEC_VERDICT_CODE_CHECKED 16u
#define EDGEC_VERDICT_CODE_OK 32u

/// Indexes into edgec_self_test_t.expected; what is before the two CRCs is part of the code.
#define EDGEC_EXPECTED_OUTPUTS 0
#define EDGEC_EXPECTED_HAS_OUTPUTS 1
#define EDGEC_EXPECTED_CHECK_CODE 2
#define EDGEC_EXPECTED_LAYOUT 3
#define EDGEC_EXPECTED_WEIGHTS 4
#define EDGEC_EXPECTED_CODE 5

/// What the self-test found.
typedef struct {
    uint32_t verdict;
    uint32_t weights_crc;
    uint32_t output_crc;
    uint32_t code_crc;
    uint64_t ticks;
} edgec_self_test_result_t;

/// A part of the arena to look at right after a node.
typedef struct {
    const uint8_t *start;
    uint32_t size;
    uint32_t node;
    uint32_t crc;
} edgec_watch_t;

/// One message in its decoded form, with room for its encoding around it.
typedef struct {
    uint8_t bytes[EDGEC_MESSAGE_BYTES + 2]; ///< [0] is COBS's; the message starts at [1]
    uint32_t payload_size;
} edgec_message_t;

/// What the runner holds between requests.
typedef struct {
    const edgec_runner_model_t *model;
    edgec_tick_source_t tick_source;
    uint32_t empty_run_ticks; ///< of one run of nothing
    uint32_t node_hook_ticks;  ///< of EDGEC_CALIBRATION_CALLS calls of edgec_on_node
    edgec_message_t message;
} edgec_runner_t;

#ifdef EDGEC_RUNNER_MODELS
/// All models, where edgec/board.h says that there are several; main.c has them.
extern const edgec_runner_model_t *const edgec_runner_models[EDGEC_RUNNER_MODELS];
#endif

static inline uint8_t *edgec_payload(edgec_message_t *message)
{
    return message->bytes + 1 + EDGEC_HEADER_BYTES;
}

/// Wait for the next whole, undamaged message. False when the console was closed.
bool edgec_message_receive(edgec_message_t *message);

/// Encode in place and write. The content of `message` is lost.
void edgec_message_send(edgec_message_t *message);

/// CRC-32 (IEEE 802.3, as zlib) over `size` bytes, continuing `crc`; begin with 0.
uint32_t edgec_crc32(uint32_t crc, const uint8_t *data, uint32_t size);

/// Each handler reads the request in `runner->message` and leaves the answer's payload there.
edgec_result_t edgec_handle_describe(edgec_runner_t *runner);
edgec_result_t edgec_handle_read_sizes(edgec_runner_t *runner);
edgec_result_t edgec_handle_write_input(edgec_runner_t *runner);
edgec_result_t edgec_handle_run(edgec_runner_t *runner);
edgec_result_t edgec_handle_read_output(edgec_runner_t *runner);
edgec_result_t edgec_handle_read_profile(edgec_runner_t *runner);
edgec_result_t edgec_handle_self_test(edgec_runner_t *runner);

/// Check all of flash and one run. Leaves the model reset.
edgec_self_test_result_t edgec_self_test_run(const edgec_runner_model_t *model);

/// Say the self-test's result in words where the console is a serial line; nothing elsewhere.
void edgec_announce(const edgec_runner_model_t *model);

/// Text on the console; edgec_say_end ends a line.
void edgec_say(const char *text);
void edgec_say_hex(const char *label, uint32_t value);
void edgec_say_number(const char *label, uint32_t value);
void edgec_say_end(void);

/// Measure what counting itself costs.
void edgec_calibrate(edgec_runner_t *runner);

/// One measured run: ticks before and after. Inlined nowhere, so that its cost is always the same.
edgec_status_t edgec_measure(edgec_status_t (*run)(void *), void *context, uint64_t *start,
                             uint64_t *end);

/// Where edgec_on_node writes: up to `count` marks. Returns nodes finished since the last call.
uint32_t edgec_profile_into(uint64_t *marks, uint32_t count);

/// Have the node hook fill in `watch->crc`; null for no longer.
void edgec_watch(edgec_watch_t *watch);

static inline uint32_t edgec_get_u16(const uint8_t *from)
{
    return (uint32_t)from[0] | ((uint32_t)from[1] << 8);
}

static inline uint32_t edgec_get_u32(const uint8_t *from)
{
    return (uint32_t)from[0] | ((uint32_t)from[1] << 8) | ((uint32_t)from[2] << 16)
           | ((uint32_t)from[3] << 24);
}

static inline uint8_t *edgec_put_u16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    return to + 2;
}

static inline uint8_t *edgec_put_u32(uint8_t *to, uint32_t value)
{
    for (uint32_t i = 0; i < 4; i++) {
        to[i] = (uint8_t)(value >> (8 * i));
    }
    return to + 4;
}

static inline uint8_t *edgec_put_u64(uint8_t *to, uint64_t value)
{
    return edgec_put_u32(edgec_put_u32(to, (uint32_t)value), (uint32_t)(value >> 32));
}

#endif
