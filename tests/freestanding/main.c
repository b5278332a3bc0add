/* Asks the freestanding library for the mode of a license: main LICENSE ANCHORS SECONDS. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t license_mode(const uint8_t *, size_t, const uint8_t *, size_t, uint64_t);

static size_t slurp(const char *path, uint8_t *into, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file) exit(90);
    size_t length = fread(into, 1, size, file);
    fclose(file);
    return length;
}

int main(int count, char **arguments) {
    static uint8_t license[65536], anchors[65536];
    if (count != 4) return 91;
    size_t license_length = slurp(arguments[1], license, sizeof license);
    size_t anchors_length = slurp(arguments[2], anchors, sizeof anchors);
    return license_mode(license, license_length, anchors, anchors_length, strtoull(arguments[3], NULL, 10));
}
