/* Reads every file that is named, as classify does, and prints how many were images; for sanitizers. */
#include "images.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>

const dsoc_model_t *const network = &dsoc_model;

int main(int argc, char **argv) {
    static const scale_t scale = {{0, 0, 0, 0}, {1, 1, 1, 1}};
    int good = 0;
    for (int i = 1; i < argc; i++) {
        char reason[256];
        content_t content;
        int8_t *images = NULL;
        size_t count = 0;
        if (read_content(argv[i], &content, reason, sizeof reason) != 0) {
            continue;
        }
        if (read_images(&content, &scale, &images, &count, reason, sizeof reason) == 0) {
            good++;
        }
        free(images);
        free(content.bytes);
    }
    printf("%d\n", good);
    return 0;
}
