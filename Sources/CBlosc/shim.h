#include <stdio.h>
#include <blosc.h>
