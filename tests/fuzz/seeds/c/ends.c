#include <a/*b.h>
#include "b.h" \

int a;
