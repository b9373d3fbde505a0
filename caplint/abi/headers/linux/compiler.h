#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H
#define __user
#define __force
#define __iomem
#define __packed __attribute__((__packed__))
#define __aligned(x) __attribute__((__aligned__(x)))
#endif
