/// One measured run. A function of its own, never inlined: its cost is the same for every model.
#include "edgec/port.h"
#include "protocol.h"

__attribute__((noinline)) edgec_status_t edgec_measure(edgec_status_t (*run)(void *), void *context,
                                                       uint64_t *start, uint64_t *end)
{
    edgec_ticks_restart();
    *start = edgec_ticks();
    const edgec_status_t status = run(context);
    *end = edgec_ticks();
    return status;
}
