/// Last words of a firmware that died.
#include "edgec/board.h"
#include "edgec/port.h"
#include "protocol.h"

/// For a person at a terminal. Layers count from 0; none has finished after the last run ended.
static void say_fault(uint32_t cause, uint32_t pc, uint32_t lr, uint32_t status, uint32_t finished)
{
    edgec_say_number("\r\nedgec fault: exception ", cause);
    edgec_say_hex(", pc ", pc);
    edgec_say_hex(", lr ", lr);
    edgec_say_hex(", status ", status);
    edgec_say_number(", in layer ", finished);
    edgec_say_end();
}

void edgec_runner_report_fault(uint32_t cause, uint32_t pc, uint32_t lr, uint32_t fault_status)
{
    static edgec_message_t message;
    static const uint8_t end_of_frame = 0;
    const uint32_t finished = edgec_profile_into(0, 0);
    edgec_console_write(&end_of_frame, 1);
    if (EDGEC_CONSOLE_IS_SERIAL) {
        say_fault(cause, pc, lr, fault_status, finished);
    }
    message.bytes[1] = EDGEC_NOTICE_FAULT;
    message.bytes[2] = 0;
    uint8_t *to = edgec_payload(&message);
    to = edgec_put_u32(to, cause);
    to = edgec_put_u32(to, pc);
    to = edgec_put_u32(to, lr);
    to = edgec_put_u32(to, fault_status);
    (void)edgec_put_u32(to, finished);
    message.payload_size = 20;
    edgec_message_send(&message);
    edgec_console_stop();
}
