"""Structure layouts and ioctl numbers of KVM's UAPI headers per ABI, as a C compiler would compute them."""
