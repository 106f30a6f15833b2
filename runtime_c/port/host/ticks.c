/// A host process has no counter worth reporting: instructions are counted on the target.
#include "edgec/port.h"

edgec_tick_source_t edgec_ticks_start(void)
{
    return EDGEC_TICKS_SYSTICK;
}

void edgec_ticks_restart(void)
{
}

uint64_t edgec_ticks(void)
{
    return 0;
}
