#!/bin/sh
# A pre-commit hook of git's own: copy it to .git/hooks/pre-commit of a Linux or QEMU checkout and make it executable.
# docs/hooks.md tells how it learns where the other trees are. `git commit --no-verify` does without it.

if [ -d virt/kvm ]; then
    set -- virt include 'arch/*/include/*' 'arch/*/kvm/*' 'arch/*/kernel/asm-offsets.c' \
        tools/include tools/arch tools/testing/selftests/kvm Documentation/virt/kvm Documentation/virtual/kvm
else
    set -- '*.[ch]' '*.c.inc' '*meson.build'
fi

# Nothing staged that caplint may read.
git diff --cached --quiet --no-ext-diff -- "$@" && exit 0

exec caplint check --staged
