/// Messages on the console: framing by COBS, integrity by CRC-32. Damaged input is dropped.
#include "edgec/port.h"
#include "protocol.h"

#define LINE_BYTES 64u

static uint8_t line[LINE_BYTES];
static uint32_t line_used;
static uint32_t line_size;

/// Next byte of the console, or -1 when it was closed.
static int32_t next_byte(void)
{
    if (line_used == line_size) {
        line_size = (uint32_t)edgec_console_read(line, LINE_BYTES);
        line_used = 0;
        if (line_size == 0) {
            return -1;
        }
    }
    return line[line_used++];
}

/// Collect bytes up to a zero. Returns their number, 0 for none or too many, -1 at the end.
static int32_t collect(uint8_t *to)
{
    uint32_t size = 0;
    for (;;) {
        const int32_t byte = next_byte();
        if (byte < 0) {
            return -1;
        }
        if (byte == 0) {
            return size <= EDGEC_MESSAGE_BYTES + 1 ? (int32_t)size : 0;
        }
        if (size <= EDGEC_MESSAGE_BYTES) {
            to[size] = (uint8_t)byte;
        }
        size += size <= EDGEC_MESSAGE_BYTES + 1 ? 1u : 0u;
    }
}

/// Undo COBS in place: each code byte becomes the zero it stands for. [0] keeps no meaning.
static bool decode(uint8_t *bytes, uint32_t size)
{
    uint32_t at = 0;
    while (at < size) {
        const uint32_t next = at + bytes[at];
        bytes[at] = 0;
        at = next;
    }
    return at == size;
}

static bool is_whole(edgec_message_t *message, uint32_t size)
{
    if (size < 1 + EDGEC_HEADER_BYTES + EDGEC_CRC_BYTES || !decode(message->bytes, size)) {
        return false;
    }
    const uint32_t covered = size - 1 - EDGEC_CRC_BYTES;
    message->payload_size = covered - EDGEC_HEADER_BYTES;
    return edgec_crc32(0, message->bytes + 1, covered) == edgec_get_u32(message->bytes + 1 + covered);
}

bool edgec_message_receive(edgec_message_t *message)
{
    for (;;) {
        const int32_t size = collect(message->bytes);
        if (size < 0) {
            return false;
        }
        if (size > 0 && is_whole(message, (uint32_t)size)) {
            return true;
        }
        if (size > 0) {
            message->bytes[1] = EDGEC_NOTICE_BAD_FRAME;
            message->bytes[2] = 0;
            message->payload_size = 0;
            edgec_message_send(message);
        }
    }
}

void edgec_message_send(edgec_message_t *message)
{
    uint8_t *bytes = message->bytes;
    const uint32_t covered = EDGEC_HEADER_BYTES + message->payload_size;
    const uint32_t end = 1 + covered + EDGEC_CRC_BYTES;
    (void)edgec_put_u32(bytes + 1 + covered, edgec_crc32(0, bytes + 1, covered));
    uint32_t next = end;
    for (uint32_t at = end; at-- > 1;) {
        if (bytes[at] == 0) {
            bytes[at] = (uint8_t)(next - at);
            next = at;
        }
    }
    bytes[0] = (uint8_t)next;
    bytes[end] = 0;
    edgec_console_write(bytes, end + 1);
}
