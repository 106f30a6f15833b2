/// Last words of a firmware that died.
#include "edgec/port.h"
#include "protocol.h"

void edgec_runner_report_fault(uint32_t cause, uint32_t pc, uint32_t lr, uint32_t fault_status)
{
    static edgec_message_t message;
    static const uint8_t end_of_frame = 0;
    edgec_console_write(&end_of_frame, 1);
    message.bytes[1] = EDGEC_NOTICE_FAULT;
    message.bytes[2] = 0;
    uint8_t *to = edgec_payload(&message);
    to = edgec_put_u32(to, cause);
    to = edgec_put_u32(to, pc);
    to = edgec_put_u32(to, lr);
    to = edgec_put_u32(to, fault_status);
    (void)edgec_put_u32(to, edgec_profile_into(0, 0));
    message.payload_size = 20;
    edgec_message_send(&message);
    edgec_console_stop();
}
