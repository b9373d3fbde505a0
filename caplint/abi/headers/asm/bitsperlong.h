#ifndef _ASM_BITSPERLONG_H
#define _ASM_BITSPERLONG_H
#define __BITS_PER_LONG (8 * __SIZEOF_LONG__)
#define __BITS_PER_LONG_LONG 64
#endif
