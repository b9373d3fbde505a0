"""What a C compiler would make of KVM's UAPI headers: layouts of structures and numbers of ioctls, per ABI."""
