#ifndef _LINUX_BITS_H
#define _LINUX_BITS_H
#include <linux/const.h>
#include <asm/bitsperlong.h>
#define __GENMASK(h, l) (((~_UL(0)) << (l)) & (~_UL(0) >> (__BITS_PER_LONG - 1 - (h))))
#define __GENMASK_ULL(h, l) (((~_ULL(0)) << (l)) & (~_ULL(0) >> (__BITS_PER_LONG_LONG - 1 - (h))))
#endif
