/// Console of a host process: its standard input and output are the line.
#include "edgec/port.h"

#include <unistd.h>

void edgec_console_start(void)
{
}

size_t edgec_console_read(uint8_t *to, size_t size)
{
    const ssize_t count = read(STDIN_FILENO, to, size);
    return (count > 0) ? (size_t)count : 0;
}

void edgec_console_write(const uint8_t *from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t count = write(STDOUT_FILENO, from + done, size - done);
        if (count <= 0) {
            return;
        }
        done += (size_t)count;
    }
}

void edgec_console_stop(void)
{
}
