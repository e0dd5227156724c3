/**
 * @file options.h
 * @brief What the command line of classify says, and how the program complains.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "dsoc_port_linux.h"
#include "images.h"

#include <stdint.h>

/**
 * Exit status: done; the machine or the accelerator failed, or with -c an output differs; bad input; stopped by a
 * signal.
 */
enum { DONE = 0, FAILED = 1, BAD_INPUT = 2, STOPPED = 130 };

/** The command line. */
typedef struct {
    dsoc_linux_options_t machine;
    const char *folder;  /**< Of weights.bin, input.bin, expected.bin. */
    const char *labels;  /**< File with names of classes, or NULL. */
    const char *outputs; /**< File for output integers, or NULL. */
    scale_t scale;
    uint32_t timeout_us;
    uint32_t classes; /**< To print for each image. */
    int check;        /**< Not 0: run the design's own input. */
    char *const *files;
    int file_count;
} options_t;

/**
 * Reads the command line; what it does not say is set to its default, but for machine.stop.
 * @param[out] options  to fill
 * @param[in] argc      of main()
 * @param[in] argv      of main(); may be reordered
 * @return -1 to go on, or the exit status of a program that has nothing to do
 */
int read_options(options_t *options, int argc, char **argv);

/**
 * Prints one line "error: ...".
 * @param[in] status  of the program
 * @param[in] format  as of printf
 * @return status
 */
__attribute__((format(printf, 2, 3))) int complain(int status, const char *format, ...);

#endif /* OPTIONS_H */
