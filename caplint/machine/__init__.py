"""What a running machine says of itself: capabilities that its /dev/kvm answers, and model-specific registers."""
