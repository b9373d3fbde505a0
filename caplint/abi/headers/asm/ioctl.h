/* Keeps the parts of an ioctl's number separate; caplint/abi/unit.py encodes them. */
#ifndef _ASM_IOCTL_H
#define _ASM_IOCTL_H
#define _IOC_NONE __caplint_none
#define _IOC_WRITE __caplint_write
#define _IOC_READ __caplint_read
#define _IOC(dir, type, nr, size) __caplint_ioctl(dir, type, nr, size)
#define _IO(type, nr) _IOC(__caplint_none, type, nr, 0)
#define _IOR(type, nr, argument) _IOC(__caplint_read, type, nr, sizeof(argument))
#define _IOW(type, nr, argument) _IOC(__caplint_write, type, nr, sizeof(argument))
#define _IOWR(type, nr, argument) _IOC(__caplint_read | __caplint_write, type, nr, sizeof(argument))
#endif
