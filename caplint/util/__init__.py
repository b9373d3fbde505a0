"""Ground that knows nothing of KVM or C: errors, files, processes, text made safe."""
