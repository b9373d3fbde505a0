/* __LITTLE_ENDIAN or __BIG_ENDIAN is predefined. */
#include <linux/types.h>
