#define _DEFAULT_SOURCE

#include "options.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: classify [OPTIONS] IMAGE...\n"
    "Images are PNG, .npy (real values, or integers of the network's input) or raw integers of one byte.\n"
    "  -d DIR     folder with weights.bin (default: that of this program)\n"
    "  -u NAME    UIO device, by its name or uioN (default: dsoc)\n"
    "  -a ADDRESS not UIO but /dev/mem, with the registers' address\n"
    "  -m NAME    u-dma-buf (default: udmabuf0)\n"
    "  -p         poll, do not use the interrupt\n"
    "  -t SECONDS longest time of a run (default: 10)\n"
    "  -n COUNT   classes to print (default: 5)\n"
    "  -l FILE    names of the classes, one a line\n"
    "  -M MEAN    of pixels, and\n"
    "  -S DEV     their deviation: real value = (pixel / 255 - MEAN) / DEV; one number, or one a channel: 0.4,0.5,0.6\n"
    "  -o FILE    writes all output integers, 32 bits each, little-endian\n"
    "  -c         checks the machine: runs input.bin of the design, compares every output with expected.bin\n"
    "  -h         shows this\n";

int complain(int status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("error: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return status;
}

/* One number, or one a channel, separated by commas. */
static int parse_channels(const char *text, double *values) {
    const char *place = text;
    unsigned count = 0;
    while (count < 4u) {
        char *end;
        values[count++] = strtod(place, &end);
        if (end == place || !isfinite(values[count - 1u])) {
            return -1;
        }
        place = end;
        if (*place != ',') {
            break;
        }
        place++;
    }
    for (unsigned i = 1; count == 1u && i < 4u; i++) {
        values[i] = values[0];
    }
    return *place == '\0' && (count == 1u || count == DESIGN_CHANNELS) ? 0 : -1;
}

static int parse_number(const char *text, double least, double most, double *value) {
    char *end;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && *value >= least && *value <= most ? 0 : -1;
}

static int parse_option(options_t *options, int letter, const char *value) {
    double number = 0;
    char *end;
    switch (letter) {
    case 'd':
        options->folder = value;
        return 0;
    case 'u':
        options->machine.uio = value;
        return 0;
    case 'a':
        errno = 0;
        options->machine.uio = NULL;
        options->machine.address = strtoull(value, &end, 0);
        return end != value && *end == '\0' && errno == 0 && value[0] != '-' ? 0 : -1;
    case 'm':
        options->machine.memory = value;
        return 0;
    case 'p':
        options->machine.polling = 1;
        return 0;
    case 't':
        if (parse_number(value, 1e-6, 4000, &number) != 0) {
            return -1;
        }
        options->timeout_us = (uint32_t)(number * 1e6);
        return 0;
    case 'n':
        if (parse_number(value, 0, DESIGN_OUTPUTS > 1000u ? DESIGN_OUTPUTS : 1000u, &number) != 0) {
            return -1;
        }
        options->classes = (uint32_t)number;
        return 0;
    case 'l':
        options->labels = value;
        return 0;
    case 'M':
        return parse_channels(value, options->scale.mean);
    case 'S':
        if (parse_channels(value, options->scale.deviation) != 0) {
            return -1;
        }
        for (unsigned i = 0; i < 4u; i++) {
            if (!(fabs(options->scale.deviation[i]) > 0)) {
                return -1;
            }
        }
        return 0;
    case 'o':
        options->outputs = value;
        return 0;
    case 'c':
        options->check = 1;
        return 0;
    default:
        return -1;
    }
}

/* The folder of this program, where no other is given. */
static void own_folder(char *text, size_t room) {
    const ssize_t count = readlink("/proc/self/exe", text, room - 1u);
    text[count > 0 ? count : 0] = '\0';
    char *slash = strrchr(text, '/');
    if (slash == NULL) {
        (void)snprintf(text, room, ".");
    } else {
        *slash = '\0';
    }
}

int read_options(options_t *options, int argc, char **argv) {
    static char folder[4096];
    own_folder(folder, sizeof folder);
    options->folder = folder;
    options->machine.uio = "dsoc";
    options->machine.memory = "udmabuf0";
    options->timeout_us = 10000000u;
    options->classes = 5;
    for (unsigned i = 0; i < 4u; i++) {
        options->scale.deviation[i] = 1;
    }
    for (int letter; (letter = getopt(argc, argv, "d:u:a:m:pt:n:l:M:S:o:ch")) != -1;) {
        if (letter == 'h') {
            (void)fputs(usage, stdout);
            return DONE;
        }
        if (letter == '?') {
            return complain(BAD_INPUT, "see classify -h"); /* getopt has said what is wrong */
        }
        if (parse_option(options, letter, optarg) != 0) {
            return complain(BAD_INPUT, "-%c %s: not a value of this option; see classify -h", letter, optarg);
        }
    }
    if (optind == argc && !options->check) {
        return complain(BAD_INPUT, "no image is given; see classify -h");
    }
    options->files = argv + optind;
    options->file_count = argc - optind;
    return -1;
}
