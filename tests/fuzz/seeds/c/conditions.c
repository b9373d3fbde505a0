
#ifndef H
#define H
#if defined(A) && !IS_ENABLED(CONFIG_B)
int x; /* one */
#elif B > 1
#define KVM_CAP_LEFT 7 // two
#else
static int y = MSR_ONE;
#endif
#endif
